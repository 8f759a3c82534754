import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../globals.css", import.meta.url), "utf8");
const light = tokensOf(":root");
const themes = { light, dark: { ...light, ...tokensOf(".dark") } };

/** WCAG 2.2 AA: 4.5 for text; 3 for what one must see to know a control or a state by. */
const texts = ["ink", "muted", "faint"];
const grounds = ["canvas", "surface", "raised", "sunken", "hover"];
const tones = ["ok", "warn", "bad", "info", "brand"];
const pairs: [text: string, ground: string, least: number][] = [
  ...texts.flatMap((text) => grounds.map((ground): [string, string, number] => [text, ground, 4.5])),
  ["ink", "active", 4.5],
  ["muted", "active", 4.5],
  ["canvas", "ink", 4.5],
  ["brand-ink", "brand", 4.5],
  ["brand-ink", "brand-hover", 4.5],
  ["bad-ink", "bad", 4.5],
  ["bad-ink", "bad-hover", 4.5],
  ...tones.flatMap((tone): [string, string, number][] => [
    [`${tone}-text`, `${tone}-soft`, 4.5],
    [`${tone}-text`, "surface", 4.5],
    [`${tone}-text`, "canvas", 4.5],
    ["ink", `${tone}-soft`, 4.5],
    ["muted", `${tone}-soft`, 4.5],
  ]),
  ["brand-text", "hover", 4.5],
  ["ok", "surface", 3],
  ["bad", "surface", 3],
  ["info", "surface", 3],
  ["brand", "surface", 3],
  ["line-control", "surface", 3],
  ["ring", "surface", 3],
  ["ring", "canvas", 3],
];

describe.each(Object.entries(themes))("in the %s theme", (_name, tokens) => {
  test.each(pairs)("%s can be read on %s", (text, ground, least) => {
    expect(contrast(tokens[text]!, tokens[ground]!)).toBeGreaterThanOrEqual(least);
  });
});

type Rgb = [number, number, number];

function tokensOf(selector: string): Record<string, Rgb> {
  const block = new RegExp(`^${selector.replace(".", "\\.")} \\{([^}]*)\\}`, "m").exec(css)?.[1] ?? "";
  const found = [...block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)];
  if (found.length < 20) throw new Error(`${selector} holds only ${found.length} colours`);
  return Object.fromEntries(found.map(([, name, l, c, h]) => [name!, linearRgb(Number(l), Number(c), Number(h))]));
}

/** OKLCH to linear sRGB, cut to what a screen can show. https://bottosson.github.io/posts/oklab/ */
function linearRgb(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const shown = (value: number) => Math.min(1, Math.max(0, value));
  return [
    shown(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    shown(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    shown(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function contrast(one: Rgb, other: Rgb): number {
  const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (bright + 0.05) / (dim + 0.05);
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
