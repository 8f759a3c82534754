import { afterEach, expect, it } from "vitest";
import { CommandShell } from "./command-shell";

let shell: CommandShell;
afterEach(() => shell.close());

it("gives each command its own output, in order, however much it is", async () => {
  shell = new CommandShell();
  const [none, some, much] = await Promise.all([
    shell.run(["true"]),
    shell.run(["printf", "%s", `it's "this" $HOME\n;`]),
    shell.run(["seq", "200000"]),
  ]);
  expect(none).toBe("");
  expect(some).toBe(`it's "this" $HOME\n;`);
  expect(much.trimEnd().split("\n").at(-1)).toBe("200000");
});

it("reads text that comes in pieces, and characters that are cut in two", async () => {
  shell = new CommandShell();
  const cut = ["sh", "-c", "printf '\\303'; sleep 0.05; printf '\\244 '; sleep 0.05; printf end"];
  const next = ["sh", "-c", "printf 'n\\303'; sleep 0.05; printf '\\244'"];
  expect(await Promise.all([shell.run(cut), shell.run(next), shell.run(next)])).toEqual(["ä end", "nä", "nä"]);
});

it("tells what a command complains of when it fails, and goes on", async () => {
  shell = new CommandShell();
  await expect(shell.run(["ls", "/nonexistent/place"])).rejects.toThrow("/nonexistent/place");
  await expect(shell.run(["no-such-program"])).rejects.toThrow("no-such-program");
  await expect(shell.run(["false"])).rejects.toThrow("code 1");
  expect(await shell.run(["echo", "still here"])).toBe("still here\n");
});

it("does not wait for ever: what waits fails, and the next command has a new shell", async () => {
  shell = new CommandShell(100);
  const stuck = [shell.run(["sleep", "30"]), shell.run(["echo", "behind it"])];
  for (const outcome of await Promise.allSettled(stuck)) expect(outcome.status).toBe("rejected");
  expect(await shell.run(["echo", "again"])).toBe("again\n");
});
