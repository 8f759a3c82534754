"use client";

import { CircleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useController, useFormContext } from "react-hook-form";
import { cn } from "./cn";
import { FieldContext, type FieldContextValue } from "./field-context";

export interface FieldProps {
  label: ReactNode;
  /** Binds the control to that value of the surrounding `<Form>`. */
  name?: string;
  hint?: ReactNode;
  /** Outside a form; inside one, errors come from its schema and from the server. */
  error?: ReactNode;
  required?: boolean;
  optional?: boolean;
  /** "inline" puts the control before its label: checkboxes and switches. */
  layout?: "stack" | "inline";
  hideLabel?: boolean;
  className?: string;
  children: ReactNode;
}

/** A label, one control, a hint, an error. */
export function Field(props: FieldProps) {
  const form = useFormContext();
  return props.name && form ? <BoundField {...props} name={props.name} /> : <FieldLayout {...props} />;
}

function BoundField(props: FieldProps & { name: string }) {
  const { field, fieldState } = useController({ name: props.name });
  return (
    <FieldLayout
      {...props}
      error={props.error ?? fieldState.error?.message ?? firstMessage(fieldState.error)}
      bound={{ value: field.value, setValue: field.onChange, onBlur: field.onBlur, ref: field.ref }}
    />
  );
}

function FieldLayout({
  bound,
  label,
  name,
  hint,
  error,
  required = false,
  optional = false,
  layout = "stack",
  hideLabel = false,
  className,
  children,
}: FieldProps & { bound?: FieldContextValue["bound"] }) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [error ? errorId : null, hint ? hintId : null].filter(Boolean).join(" ") || undefined;
  const isInline = layout === "inline";
  const labelElement = (
    <label
      id={`${id}-label`}
      htmlFor={id}
      className={cn("text-sm font-medium text-ink", isInline && "leading-5", hideLabel && "sr-only")}
    >
      {label}
      {optional && <span className="ml-1.5 font-normal text-faint">optional</span>}
    </label>
  );
  const notes = (
    <>
      {error && (
        <p id={errorId} className="flex items-start gap-1.5 text-xs text-bad-text" role="alert">
          <CircleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          <span>{error}</span>
        </p>
      )}
      {hint && (
        <p id={hintId} className="text-xs text-faint">
          {hint}
        </p>
      )}
    </>
  );
  return (
    <FieldContext value={{ id, labelId: `${id}-label`, name, describedBy, invalid: Boolean(error), required, bound }}>
      {isInline ? (
        <div className={cn("flex items-start gap-2.5", className)}>
          {children}
          <div className="flex min-w-0 flex-col gap-0.5">
            {labelElement}
            {notes}
          </div>
        </div>
      ) : (
        <div className={cn("flex min-w-0 flex-col gap-1.5", className)}>
          {labelElement}
          {children}
          {notes}
        </div>
      )}
    </FieldContext>
  );
}

/** An array's error sits on one of its members. */
function firstMessage(error: unknown): string | undefined {
  if (!Array.isArray(error)) return undefined;
  for (const entry of error) if (typeof entry?.message === "string") return entry.message;
  return undefined;
}
