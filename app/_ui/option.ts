import type { ReactNode } from "react";

/** One choice of a select, a combobox or a multi-select. */
export interface Option<Value extends string = string> {
  value: Value;
  label: string;
  /** A second, quieter line or word: an address, a count. */
  detail?: ReactNode;
  icon?: ReactNode;
  disabled?: boolean;
}
