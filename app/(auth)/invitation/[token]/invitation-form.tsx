"use client";

import { useMutation } from "@tanstack/react-query";
import { signIn } from "next-auth/react";
import { acceptInvitationInput } from "@/server/members/schema";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { Field } from "../../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Input } from "../../../_ui/input";
import { PasswordInput } from "../../../_ui/password-input";

interface InvitationFormProps {
  token: string;
  email: string;
  /** Whoever has a sign-in already joins with its password. */
  hasUser: boolean;
}

export function InvitationForm({ token, email, hasUser }: InvitationFormProps) {
  const trpc = useTRPC();
  const accept = useMutation(trpc.invitations.accept.mutationOptions());
  // Somebody known keeps their name; the server wants one all the same.
  const name = hasUser ? email.slice(0, 80) : "";
  const form = useForm({ schema: acceptInvitationInput, defaultValues: { token, name, password: "" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        await accept.mutateAsync(values);
        const result = await signIn("credentials", { email, password: values.password, redirect: false });
        window.location.assign(result?.ok ? paths.home : paths.signIn);
        await new Promise(() => {});
      }}
    >
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      {!hasUser && (
        <Field name="name" label="Your name" hint="As the others and the audit log know you.">
          <Input autoComplete="name" autoFocus />
        </Field>
      )}
      <Field
        name="password"
        label={hasUser ? "Your password" : "Choose a password"}
        hint={
          hasUser
            ? `The one that ${email} signs in with already.`
            : "At least 12 characters; a few unrelated words do well."
        }
      >
        <PasswordInput autoComplete={hasUser ? "current-password" : "new-password"} autoFocus={hasUser} />
      </Field>
      <FormError />
      <SubmitButton size="lg" className="w-full justify-center">
        {hasUser ? "Accept and join" : "Accept invitation"}
      </SubmitButton>
    </Form>
  );
}
