"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import type { ComponentProps, ReactNode } from "react";
import {
  type DefaultValues,
  type FieldValues,
  FormProvider,
  type Path,
  type UseFormReturn,
  useFormContext,
  useFormState,
  useForm as useHookForm,
} from "react-hook-form";
import type { z } from "zod";
import { Button, type ButtonProps } from "./button";
import { Callout } from "./callout";
import { cn } from "./cn";
import { readServerError } from "./server-error";

interface UseFormOptions<Input extends FieldValues, Output> {
  schema: z.ZodType<Output, Input>;
  defaultValues: DefaultValues<Input>;
  /** Values that arrive later, as from a query; they replace what is not being edited. */
  values?: Input;
}

/** A form checked by the schema that the server checks it with. */
export function useForm<Input extends FieldValues, Output extends FieldValues = Input>({
  schema,
  defaultValues,
  values,
}: UseFormOptions<Input, Output>): UseFormReturn<Input, unknown, Output> {
  return useHookForm<Input, unknown, Output>({
    resolver: zodResolver(schema),
    defaultValues,
    values,
    resetOptions: { keepDirtyValues: true },
    // Checked when it is sent, then at each key. Not on leaving a field: the press of a button leaves one, and a line of
    // error that comes between press and release moves the button away from under it.
    mode: "onSubmit",
    reValidateMode: "onChange",
  });
}

interface FormProps<Input extends FieldValues, Output extends FieldValues>
  extends Omit<ComponentProps<"form">, "onSubmit"> {
  form: UseFormReturn<Input, unknown, Output>;
  /** What it throws is shown: under the field that `error.data.field` names, else above the form's foot. */
  onSubmit: (values: Output) => unknown;
  children: ReactNode;
}

export function Form<Input extends FieldValues, Output extends FieldValues>({
  form,
  onSubmit,
  className,
  children,
  ...rest
}: FormProps<Input, Output>) {
  const submit = form.handleSubmit(async (values) => {
    try {
      await onSubmit(values);
    } catch (error) {
      showServerError(form, error);
    }
  });
  return (
    <FormProvider {...form}>
      <form
        noValidate
        {...rest}
        className={cn("flex flex-col gap-4", className)}
        onSubmit={(event) => {
          // A sheet's form may be drawn inside a page's: React hands the event up the tree of components.
          event.stopPropagation();
          void submit(event);
        }}
      >
        {children}
      </form>
    </FormProvider>
  );
}

/** What went wrong that belongs to no field. Put it above the buttons. */
export function FormError() {
  const { errors } = useFormState();
  const message = errors.root?.server?.message;
  return message ? (
    <Callout tone="bad" role="alert">
      {message}
    </Callout>
  ) : null;
}

/** The form's main button: busy while it is sent. Outside the `<form>`, give `form` its id. */
export function SubmitButton({ children, ...rest }: ButtonProps) {
  const { formState } = useFormContext();
  return (
    <Button variant="primary" type="submit" loading={formState.isSubmitting} {...rest}>
      {children}
    </Button>
  );
}

/** Buttons at the foot of a form: the main one first in the reading order, at the end on the screen. */
export function FormActions({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className={cn("flex flex-row-reverse flex-wrap items-center justify-start gap-2 pt-1", className)}>
      {children}
    </div>
  );
}

/** Exported for forms that send themselves, such as a wizard's step. */
export function showServerError<Input extends FieldValues>(
  form: Pick<UseFormReturn<Input>, "setError" | "getValues">,
  error: unknown,
): void {
  const { field, message } = readServerError(error);
  const isKnown = field !== undefined && field.split(".")[0]! in form.getValues();
  if (isKnown) form.setError(field as Path<Input>, { type: "server", message }, { shouldFocus: true });
  else form.setError("root.server", { type: "server", message });
}
