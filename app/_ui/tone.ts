/** What a state means to the reader. A tone never stands alone: there is always a word beside it. */
export type Tone = "ok" | "warn" | "bad" | "info" | "neutral" | "brand";

export const softTone: Record<Tone, string> = {
  ok: "bg-ok-soft text-ok-text",
  warn: "bg-warn-soft text-warn-text",
  bad: "bg-bad-soft text-bad-text",
  info: "bg-info-soft text-info-text",
  neutral: "bg-hover text-muted",
  brand: "bg-brand-soft text-brand-text",
};

export const textTone: Record<Tone, string> = {
  ok: "text-ok-text",
  warn: "text-warn-text",
  bad: "text-bad-text",
  info: "text-info-text",
  neutral: "text-muted",
  brand: "text-brand-text",
};

export const fillTone: Record<Tone, string> = {
  ok: "bg-ok text-ok",
  warn: "bg-warn text-warn",
  bad: "bg-bad text-bad",
  info: "bg-info text-info",
  neutral: "bg-line-control text-line-control",
  brand: "bg-brand text-brand",
};
