"use client";

import { signIn } from "next-auth/react";
import { z } from "zod";
import { paths } from "../../_lib/paths";
import { Field } from "../../_ui/field";
import { Form, FormError, SubmitButton, useForm } from "../../_ui/form";
import { Input } from "../../_ui/input";
import { PasswordInput } from "../../_ui/password-input";

const signInInput = z.object({
  email: z.string().trim().min(1, "Give your email address."),
  password: z.string().min(1, "Give your password."),
});

/** The answer is the same for a wrong address and a wrong password, so that nobody learns who has an account. */
export function SignInForm({ returnTo }: { returnTo: string }) {
  const form = useForm({ schema: signInInput, defaultValues: { email: "", password: "" } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const result = await signIn("credentials", { ...values, redirect: false });
        if (!result?.ok) {
          form.setFocus("password", { shouldSelect: true });
          throw new Error(result?.error || "That did not work. Try again.");
        }
        // A whole new page: nothing that was read as somebody else stays.
        window.location.assign(paths.doors(returnTo));
        await new Promise(() => {});
      }}
    >
      <Field name="email" label="Email">
        <Input type="email" autoComplete="username" autoFocus />
      </Field>
      <Field name="password" label="Password">
        <PasswordInput autoComplete="current-password" />
      </Field>
      <FormError />
      <SubmitButton size="lg" className="w-full justify-center">
        Sign in
      </SubmitButton>
    </Form>
  );
}
