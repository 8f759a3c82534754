/** What nft would list of our table's chains after these commands: what was written there. */
export function listChains(applied: readonly string[]): string {
  const chains = new Map<string, string[]>();
  for (const line of applied.flatMap((text) => text.split("\n"))) {
    const [, verb, kind, chain, rule] = /^(add|flush|delete) (\w+) inet drawbridge ?(\S*) ?(.*)$/.exec(line) ?? [];
    if (verb === "delete") kind === "table" ? chains.clear() : chains.delete(chain!);
    else if (kind === "chain") chains.set(chain!, []);
    else if (kind === "rule") chains.get(chain!)!.push(rule!);
    const begun = /^ +chain (\S+) \{$/.exec(line)?.[1];
    if (begun) chains.set(begun, []);
    else if (/^ {4}\S/.test(line)) [...chains.values()].at(-1)!.push(line.trim());
  }
  const printed = [...chains].map(
    ([chain, rules]) => `\tchain ${chain} {\n${rules.map((rule) => `\t\t${rule}\n`).join("")}\t}\n`,
  );
  return `table inet drawbridge {\n${printed.join("")}}\n`;
}
