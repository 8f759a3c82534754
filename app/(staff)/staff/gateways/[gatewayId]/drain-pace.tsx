"use client";

import { formatDuration, plural } from "../../../../_lib/format";
import { Field } from "../../../../_ui/field";
import { Input } from "../../../../_ui/input";

interface DrainPaceProps {
  /** Sessions a second; undefined while nothing is entered, with which the dialog's form is not sent. */
  value: number | undefined;
  onValueChange: (value: number | undefined) => void;
  /** How many the fullest process has to send away. */
  sessions: number;
}

/** How fast a process is emptied: slow spares the others a rush, fast spares whoever waits for the end of it. */
export function DrainPace({ value, onValueChange, sessions }: DrainPaceProps) {
  const time = value && value > 0 && sessions > 0 ? formatDuration((sessions / value) * 1000) : null;
  const hint = time
    ? `${plural(sessions, "session")} in a process: about ${time}.`
    : "From 1 to 1,000 of each process, so that the others are not rushed.";
  return (
    <Field label="Sessions moved a second" hint={hint} required>
      <Input
        type="number"
        required
        min={1}
        max={1_000}
        step={1}
        value={value}
        onValueChange={onValueChange}
        className="w-28"
      />
    </Field>
  );
}
