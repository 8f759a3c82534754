/** Hands the person a file that this page made. */
export interface MadeFile {
  name: string;
  text: string;
}

export function saveProfile({ name, text }: MadeFile): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-openvpn-profile" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Some browsers read it only after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
