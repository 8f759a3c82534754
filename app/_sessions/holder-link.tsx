import { TextLink } from "../_ui/text-link";
import { type Held, type HolderPaths, nameOfHolder, pathOfHolder } from "./session";

/** The account or the device of a session, as a link while it is there. */
export function HolderLink({ session, paths }: { session: Held; paths: HolderPaths }) {
  const href = pathOfHolder(session, paths);
  return href ? <TextLink href={href}>{nameOfHolder(session)}</TextLink> : nameOfHolder(session);
}
