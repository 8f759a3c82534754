import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Puts the content there whole or not at all, and durable when it resolves. Only the owner may read it. */
export async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  const draft = `${path}.tmp`;
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** Makes names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
