/**
 * Text at the boundary: what people type and paste. Every field of free text, every email and every address of the inputs is
 * read here, so that all of them take the same and refuse the same.
 */
import { z } from "zod";
import { parseAddress } from "@/gateway/protocol/addresses";

/**
 * The text in NFC without what nobody sees and pastes along: zero-width spaces, byte order marks, soft hyphens and marks of
 * direction go, tabs and odd spaces become a space, joiners stay where they join letters or parts of an emoji.
 */
export function cleanText(text: string): string {
  return (
    text
      .normalize("NFC")
      .replace(/[\u00ad\u180e\u200b\u200e\u200f\u2060\ufeff]/g, "")
      .replace(/[\t\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
      .replace(/(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])(?:\u200c|\u200d)+/gu, "")
      // After a mark a joiner may end a word, too: it makes a Malayalam chillu.
      .replace(/(?<!\p{M})(?:\u200c|\u200d)+(?![\p{L}\p{Extended_Pictographic}])/gu, "")
      .trim()
  );
}

/** On one line: no control character, nothing that turns the text around. */
const isVisible = (text: string) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text.replace(/\u200c|\u200d/g, ""));
const visible = "Use visible characters on one line only: this holds control characters.";

/** A label for people: 1 to 80 characters. */
export const nameField = z
  .string()
  .overwrite(cleanText)
  .min(1, "Give a name.")
  .max(80, "Use at most 80 characters.")
  .refine(isVisible, visible);

/** Why something was done, as the person it concerns reads it; gateways cut it to what OpenVPN carries. */
export const reasonField = z
  .string()
  .overwrite(cleanText)
  .min(1, "Say why; the person will read it.")
  .max(120, "Use at most 120 characters.")
  .refine(isVisible, visible);

export const descriptionField = z.string().overwrite(cleanText).max(500, "Use at most 500 characters.").default("");

/** As kept and compared: an email in NFC and in lower case. */
export const cleanEmail = (text: string) => cleanText(text).toLowerCase();

/** A domain may be international; the local part has what mail servers take without quotes, of any script. */
const email =
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*@([\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;

export const emailField = z
  .string()
  .overwrite(cleanEmail)
  .max(254, "This address is too long.")
  .regex(email, "Give an email address, such as dana@example.com.");

/** What searches look for. */
export const searchField = z.string().overwrite(cleanText).max(200).default("");

export const noAddress = "Give an IPv4 address, such as 10.0.0.10.";

/** An IPv4 address, alone. */
export const addressField = z.string().overwrite(cleanText).superRefine(requireAddress);

/** The same, or nothing. */
export const optionalAddressField = z
  .string()
  .overwrite(cleanText)
  .superRefine((text, context) => {
    if (text !== "") requireAddress(text, context);
  });

/** @returns what is wrong with it as an IPv4 address, and then `mend`; null where nothing is wrong */
export function explainAddress(text: string, mend = noAddress): string | null {
  try {
    parseAddress(text);
    return null;
  } catch {
    const [, host, prefix, port] = /^([\d.]+)(?:\/(\d+)|:(\d+))$/.exec(text) ?? [];
    if (host && prefix) return `${text} names a network. Give the address alone, without /${prefix}.`;
    if (host && port) return `${text} has a port. Give the address alone, without :${port}; policies say which ports.`;
    const octets = text.split(".");
    const padded = octets.find((octet) => /^0\d+$/.test(octet));
    if (padded && octets.length === 4)
      return `${padded} begins with a zero, which some programs read as octal. Write ${octets.map((octet) => octet.replace(/^0+(?=\d)/, "")).join(".")}.`;
    const large = octets.find((octet) => /^\d+$/.test(octet) && Number(octet) > 255);
    if (large) return `${large} is more than 255. ${mend}`;
    return mend;
  }
}

function requireAddress(text: string, context: z.RefinementCtx): void {
  const message = explainAddress(text);
  if (message) context.addIssue({ code: "custom", message });
}
