import { expect, it } from "vitest";
import { installCommand, requireNode, systemTools } from "./bootstrap.mjs";
import { parseSettings } from "./settings-file";
import { parseStartSettings } from "./start-settings";

const password = "a password for tests";

it.each(["20.19.0", "20.20.2", "22.12.0", "24.0.0", "26.1.0"])("runs on Node %s", (version) => {
  expect(() => requireNode(version)).not.toThrow();
});

it.each(["18.20.0", "20.18.3", "21.7.0", "22.11.0", "23.5.0"])(
  "refuses Node %s, saying which it runs on",
  (version) => {
    expect(() => requireNode(version)).toThrow(/20\.19.*22\.12.*24/);
  },
);

it("names the one command that installs what is missing", () => {
  expect(installCommand(systemTools.network.slice(0, 2))).toBe(
    "apt-get update && apt-get install -y --no-install-recommends openvpn nftables",
  );
});

it("reads settings as NAME=value, past comments, and names a line that is neither", () => {
  expect(parseSettings('# secrets\nPORT=3001\n\nMAIL_FROM="A B <a@b.example>"\n')).toEqual({
    PORT: "3001",
    MAIL_FROM: "A B <a@b.example>",
  });
  expect(() => parseSettings("PORT=1\nnonsense")).toThrow(/line 2/);
});

it("names every start setting that is wrong", () => {
  expect(() => parseStartSettings({ PORT: "99999", DRAWBRIDGE_LAB: "x", SEED_PASSWORD: password })).toThrow(
    /PORT[\s\S]*DRAWBRIDGE_LAB/,
  );
  expect(parseStartSettings({ SEED_PASSWORD: password, PORT: "" })).toMatchObject({ PORT: 3000, HOST: "127.0.0.1" });
});
