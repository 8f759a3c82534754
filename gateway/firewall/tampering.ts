/**
 * What something else changed of what we wrote into the kernel. It is put back at once; but the gateway's page says so for
 * a day, for whoever did it once will do it again.
 */
import { clock } from "../clock";
import type { GatewayWarning } from "../protocol/api";

const shownForMs = 86_400_000;
const mostNamed = 3;

export function createTampering() {
  let times = 0;
  let firstAt = 0;
  let lastAt = 0;
  let last = "";
  return {
    /** @param changed what was not as it was written, in words; at least one */
    note(changed: readonly string[]): void {
      const now = clock.ms();
      if (now - lastAt > shownForMs) {
        times = 0;
        firstAt = now;
      }
      times++;
      lastAt = now;
      const more = changed.length - mostNamed;
      last = [...changed.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(", ");
    },
    warnings(): GatewayWarning[] {
      if (times === 0 || clock.ms() - lastAt > shownForMs) return [];
      const often = times === 1 ? "" : `; it was the ${times}th time since ${print(firstAt)}`;
      const message = `something else on this host changed what the gateway wrote into its kernel, which was put back at ${print(lastAt)}: ${last}${often}. Look what else manages its firewall or its routes`;
      return [{ code: "kernel_changed", message }];
    },
  };
}

const print = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
