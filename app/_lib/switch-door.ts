import { getCsrfToken } from "next-auth/react";
import { paths } from "./paths";

/** Has the browser's cookie stand for another of the doors that its sign-in opened, and starts a new page there. */
export async function switchDoor(signInId: string, returnTo: string): Promise<void> {
  const answer = await fetch(`${paths.api.auth}/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ csrfToken: await getCsrfToken(), data: { signInId } }),
  });
  if (!answer.ok) throw new Error("That did not work. Try again.");
  window.location.assign(returnTo);
  await new Promise(() => {});
}
