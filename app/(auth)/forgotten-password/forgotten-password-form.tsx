"use client";

import { useMutation } from "@tanstack/react-query";
import { requestLinksInput } from "@/server/password-links/schema";
import { useTRPC } from "../../_lib/trpc";
import { Callout } from "../../_ui/callout";
import { Field } from "../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../_ui/form";
import { Input } from "../../_ui/input";

/** The answer is the same for an address that nobody has, so that nobody learns who has an account. */
export function ForgottenPasswordForm() {
  const trpc = useTRPC();
  const request = useMutation(trpc.passwordLinks.request.mutationOptions());
  const form = useForm({ schema: requestLinksInput, defaultValues: { email: "" } });
  if (request.isSuccess)
    return (
      <Callout tone="ok" role="status">
        If somebody signs in here as {request.variables.email}, a mail is on its way to them. Its link works for an
        hour. Nothing after some minutes? Look into the spam folder, or ask an admin of your organisation.
      </Callout>
    );
  return (
    <Form form={form} onSubmit={(values) => request.mutateAsync(values)}>
      <Field name="email" label="Email">
        <Input type="email" autoComplete="username" autoFocus />
      </Field>
      <FormError />
      <SubmitButton size="lg" className="w-full justify-center">
        Send the link
      </SubmitButton>
    </Form>
  );
}
