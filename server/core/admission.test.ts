import { expect, test } from "vitest";
import { admit, admitStream, type Bound } from "./admission";

/** Work that ends when told, and what of it runs. */
function station() {
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    running,
    work: (name: string) => () => {
      running.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    },
    async end(name: string, call: Promise<unknown>) {
      ends.get(name)!();
      await call;
      running.splice(running.indexOf(name), 1);
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("no more run at once than the bound says; the others wait in the order in which they came", async () => {
  const { running, work, end } = station();
  const bound: Bound = { key: "ana", atOnce: 2, waiting: 2 };
  const [one, two, three, four] = ["1", "2", "3", "4"].map((name) => admit([bound], work(name)));
  await settle();
  expect(running).toEqual(["1", "2"]);
  await expect(admit([bound], work("5"))).rejects.toMatchObject({ code: "too_many" });
  await end("2", two!);
  await settle();
  expect(running).toEqual(["1", "3"]);
  await end("1", one!);
  await end("3", three!);
  await settle();
  await end("4", four!);
  // What all have left is as it was at first.
  const again = [admit([bound], work("6")), admit([bound], work("7"))];
  await settle();
  expect(running).toEqual(["6", "7"]);
  await end("6", again[0]!);
  await end("7", again[1]!);
});

test("one caller who floods a bound that is shared leaves it to the others in their turn", async () => {
  const { running, work, end } = station();
  const shared: Bound = { key: "tenant", atOnce: 1, waiting: Number.POSITIVE_INFINITY };
  const of = (key: string): Bound[] => [{ key, atOnce: 1, waiting: 100 }, shared];
  const flood = Array.from({ length: 50 }, (_, n) => admit(of("eve"), work(`eve ${n}`)));
  const dana = admit(of("dana"), work("dana"));
  await settle();
  expect(running).toEqual(["eve 0"]);
  await end("eve 0", flood[0]!);
  await settle();
  expect(running).toEqual(["dana"]);
  await end("dana", dana);
  for (let n = 1; n < 50; n++) {
    await settle();
    await end(`eve ${n}`, flood[n]!);
  }
});

test("work that fails leaves its place too", async () => {
  const bound: Bound = { key: "bob", atOnce: 1, waiting: 0 };
  await expect(admit([bound], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(admit([bound], async () => "in")).resolves.toBe("in");
});

test("a stream has its place while it is read, and no longer", async () => {
  const bound: Bound = { key: "tabs", atOnce: 1, waiting: 0 };
  const open = () =>
    admitStream(bound, async function* () {
      for (let n = 0; ; n += 1) yield n;
    });
  const first = open();
  expect(await first.next()).toMatchObject({ value: 0 });
  await expect(open().next()).rejects.toMatchObject({ code: "too_many" });
  await first.return(undefined);
  expect(await open().next()).toMatchObject({ value: 0 });
});
