import anyAscii from "any-ascii";

/**
 * Text of any script in printable ASCII, read as it sounds: `Насос 4` → `Nasos 4`, `東京` → `DongJing`, `straße` → `strasse`.
 * Empty where nothing in it has a sound.
 */
export function transliterate(text: string): string {
  return anyAscii(text.normalize("NFKC")).replace(/[^\x20-\x7e]/g, "");
}
