"use client";

import { createContext, type Ref, useContext } from "react";

/** What a field lends to the one control inside it, so that a screen writes `<Field name="x"><Input /></Field>` and no more. */
export interface FieldContextValue {
  id: string;
  labelId: string;
  name?: string;
  describedBy?: string;
  invalid: boolean;
  required: boolean;
  /** Present when the field is bound to a form by name. */
  bound?: {
    value: unknown;
    setValue: (value: unknown) => void;
    onBlur: () => void;
    ref: (element: HTMLElement | null) => void;
  };
}

export const FieldContext = createContext<FieldContextValue | null>(null);

export interface ControlProps<Value> {
  id?: string;
  name?: string;
  value?: Value;
  onValueChange?: (value: Value) => void;
  disabled?: boolean;
  "aria-label"?: string;
}

/** The control's own props win; what they leave out comes from the field. */
export function useFieldControl<Value, Element extends HTMLElement = HTMLElement>(own: ControlProps<Value>) {
  const field = useContext(FieldContext);
  return {
    value: (own.value !== undefined ? own.value : field?.bound?.value) as Value | undefined,
    setValue: (value: Value) => {
      field?.bound?.setValue(value);
      own.onValueChange?.(value);
    },
    onBlur: field?.bound?.onBlur,
    ref: field?.bound?.ref as Ref<Element> | undefined,
    invalid: field?.invalid ?? false,
    isBound: field?.bound !== undefined,
    attributes: {
      id: own.id ?? field?.id,
      name: own.name ?? field?.name,
      disabled: own.disabled,
      "aria-label": own["aria-label"],
      "aria-describedby": field?.describedBy,
      "aria-invalid": field?.invalid || undefined,
      "aria-required": field?.required || undefined,
    },
    labelId: field?.labelId,
  };
}
