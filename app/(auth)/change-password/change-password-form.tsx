"use client";

import { useMutation } from "@tanstack/react-query";
import { changePasswordInput } from "@/server/sign-in/schema";
import { paths } from "../../_lib/paths";
import { useTRPC } from "../../_lib/trpc";
import { Field } from "../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../_ui/form";
import { PasswordInput } from "../../_ui/password-input";

interface ChangePasswordFormProps {
  email: string;
  isForced: boolean;
  isAccount: boolean;
}

export function ChangePasswordForm({ email, isForced, isAccount }: ChangePasswordFormProps) {
  const trpc = useTRPC();
  const change = useMutation(trpc.signIn.changePassword.mutationOptions());
  const form = useForm({ schema: changePasswordInput, defaultValues: { current: "", next: "" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await change.mutateAsync(values);
        window.location.assign(paths.home);
        await new Promise(() => {});
      }}
    >
      {/* Password managers keep the new password under the right name. */}
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <Field name="current" label={isForced ? "Temporary password" : "Current password"}>
        <PasswordInput autoComplete="current-password" autoFocus />
      </Field>
      <Field
        name="next"
        label="New password"
        hint={`At least 12 characters; a few unrelated words do well.${isAccount ? " The VPN asks for this password too." : ""}`}
      >
        <PasswordInput autoComplete="new-password" />
      </Field>
      <FormError />
      <SubmitButton size="lg" className="w-full justify-center">
        Change password
      </SubmitButton>
    </Form>
  );
}
