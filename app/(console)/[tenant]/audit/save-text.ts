/** Hands the person a file that was put together in their browser. */
export function saveText(fileName: string, chunks: string[]): void {
  const url = URL.createObjectURL(new Blob(chunks, { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has begun by the next turn; a URL that is kept holds its memory.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
