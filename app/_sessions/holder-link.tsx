import { TextLink } from "../_ui/text-link";
import { nameOfHolder, pathOfHolder, type Session } from "./session";

/** The account or the device of a session, as a link while it is there. */
export function HolderLink({ session, paths }: { session: Session; paths: Parameters<typeof pathOfHolder>[1] }) {
  const href = pathOfHolder(session, paths);
  return href ? <TextLink href={href}>{nameOfHolder(session)}</TextLink> : nameOfHolder(session);
}
