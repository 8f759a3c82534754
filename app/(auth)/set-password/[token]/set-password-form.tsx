"use client";

import { useMutation } from "@tanstack/react-query";
import { signIn } from "next-auth/react";
import { setPasswordInput } from "@/server/password-links/schema";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { Field } from "../../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { PasswordInput } from "../../../_ui/password-input";

export function SetPasswordForm({ token, email }: { token: string; email: string }) {
  const trpc = useTRPC();
  const set = useMutation(trpc.passwordLinks.set.mutationOptions());
  const form = useForm({ schema: setPasswordInput, defaultValues: { token, password: "" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await set.mutateAsync(values);
        const result = await signIn("credentials", { email, password: values.password, redirect: false });
        window.location.assign(result?.ok ? paths.doors() : paths.signIn);
        await new Promise(() => {});
      }}
    >
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field name="password" label="New password" hint="At least 12 characters; a few unrelated words do well.">
        <PasswordInput autoComplete="new-password" autoFocus />
      </Field>
      <FormError />
      <SubmitButton size="lg" className="w-full justify-center">
        Set password
      </SubmitButton>
    </Form>
  );
}
