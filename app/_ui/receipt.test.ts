import { describe, expect, test } from "vitest";
import { type ReceiptTarget, receiptState, summarizeReceipt } from "./receipt";

const target = (id: string, status: ReceiptTarget["status"], durationMs?: number): ReceiptTarget => ({
  id,
  name: id,
  status,
  durationMs,
});

describe("a receipt", () => {
  test("is pending until the last target is done", () => {
    expect(receiptState([target("a", "done"), target("b", "pending")])).toBe("pending");
    expect(receiptState([target("a", "done"), target("b", "done")])).toBe("done");
  });

  test("says at once that a target failed, though others are pending", () => {
    expect(receiptState([target("a", "pending"), target("b", "failed")])).toBe("failed");
  });

  test("with nothing to change is done", () => {
    expect(receiptState([])).toBe("done");
    expect(summarizeReceipt([], "gateway")).toBe("no gateway is concerned");
  });

  test("names the slowest", () => {
    expect(summarizeReceipt([target("a", "done", 21), target("b", "done", 38)], "gateway")).toBe(
      "2 of 2 gateways, slowest 38 ms",
    );
    expect(summarizeReceipt([target("a", "done", 21)], "gateway")).toBe("1 of 1 gateway, 21 ms");
  });

  test("never counts a failure as done", () => {
    expect(summarizeReceipt([target("a", "done", 21), target("b", "failed")], "gateway")).toBe(
      "1 of 2 gateways, 1 failed, 21 ms",
    );
  });
});
