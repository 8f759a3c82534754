/** The address that a name suggests: "Hafen Größe & Söhne" → "hafen-grosse-sohne". */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[ßæøłđþ]/g, (letter) => plain[letter]!)
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "");
}

/** Letters that do not come apart into a plain one and a mark. */
const plain: Record<string, string> = { ß: "ss", æ: "ae", ø: "o", ł: "l", đ: "d", þ: "th" };
