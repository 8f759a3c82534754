"use client";

import { paths } from "../../../_lib/paths";
import { Callout } from "../../../_ui/callout";
import { CodeBlock } from "../../../_ui/code-block";
import { Copyable } from "../../../_ui/copyable";
import { useTenant } from "../../_lib/use-tenant";

interface HandOverProps {
  account: { name: string; email: string };
  temporaryPassword: string;
  /** A mail with a link that sets the first password is on its way to them. */
  isMailed?: boolean;
}

/** The only time that a temporary password can be seen, and words to send it with. */
export function HandOver({ account, temporaryPassword, isMailed = false }: HandOverProps) {
  const tenant = useTenant();
  return (
    <div className="flex flex-col gap-4">
      {isMailed && (
        <Callout tone="info" title={`A link is on its way to ${account.email}`}>
          {account.name} chooses a password by it, once and within seven days; there is nothing to hand over. The
          temporary password is for where no mail arrives.
        </Callout>
      )}
      <Callout tone="warn" title="Shown once">
        It is kept nowhere. If it gets lost, reset the password. It works for seven days, and only until {account.name}{" "}
        has chosen another. Hand it over by another way than that email address.
      </Callout>
      <div className="flex flex-col gap-1">
        <span className="text-xs text-faint">Temporary password</span>
        <Copyable text={temporaryPassword} className="w-fit text-lg" />
      </div>
      <CodeBlock
        title="To hand over"
        wrap
        code={`Hello ${account.name},

you can now reach devices of ${tenant.name}
through the VPN.

1. Sign in at ${window.location.origin}${paths.signIn}
   Email: ${account.email}
   Temporary password: ${temporaryPassword}
2. Choose your own password when you are asked to.
3. Download your profile and follow the steps
   for your computer or phone.`}
      />
    </div>
  );
}
