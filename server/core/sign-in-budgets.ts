/**
 * How often a password may be tried. Whoever guesses is slowed down, by email and network; the person whose email it is
 * does not stand in that queue with a browser that has signed in before, and has a network of their own without one.
 */
import { networkOf } from "@/gateway/protocol/network";
import type { Budget } from "./budget";

const minute = 60_000;

/** Of whoever tries an email, whether or not anybody has it, from a browser that is not known. */
export function strangerBudgets(email: string, address: string): Budget[] {
  const network = networkOf(address);
  return [
    { key: `email and network ${email.toLowerCase()} ${network}`, holds: 5, everyMs: minute },
    { key: `network ${network}`, holds: 50, everyMs: 18_000 },
    // From everywhere together. Guessing is bounded by it also where somebody has many networks.
    { key: `email ${email.toLowerCase()}`, holds: 50, everyMs: 30_000 },
  ];
}

/** Of a browser that has signed in before as this user or account. */
export const browserBudget = (holderId: string, mark: string): Budget => ({
  key: `browser ${holderId} ${mark}`,
  holds: 10,
  everyMs: minute,
});

/** Of somebody signed in who gives their password again. */
export const againBudget = (signInId: string): Budget => ({ key: `again ${signInId}`, holds: 5, everyMs: minute });

/** Of whoever asks for a link to set a new password. */
export const linkBudgets = (email: string, address: string): Budget[] => [
  { key: `links of network ${networkOf(address)}`, holds: 10, everyMs: minute },
  // Who uses it up has had mails sent to the person that it stands for, with links that work.
  { key: `links of email ${email.toLowerCase()}`, holds: 3, everyMs: 10 * minute },
];
