"use client";

import { KeyRound, Trash2, UserRoundCheck, UserRoundMinus, UserRoundX } from "lucide-react";
import { HoldHolder } from "../../../_holds/hold-holder";
import { LetInHolder } from "../../../_holds/let-in-holder";
import type { MenuItem, MenuSeparator } from "../../../_ui/dropdown-menu";
import { type Tenant, useTenant } from "../../_lib/use-tenant";
import { DeleteAccount } from "./delete-account";
import { ResetPassword } from "./reset-password";
import { RestoreAccount } from "./restore-account";
import { RevokeAccount } from "./revoke-account";

export type AccountActionName = "hold" | "let-in" | "revoke" | "restore" | "reset" | "delete";

interface AccountActionProps {
  name: AccountActionName;
  account: { id: string; name: string; email: string };
  onClose: () => void;
  /** Where the account was shown by itself. */
  onDeleted?: () => void;
}

/** The dialog of what is being done to an account. */
export function AccountAction({ name, account, onClose, onDeleted }: AccountActionProps) {
  const { tenantId } = useTenant();
  const holder = { kind: "account", id: account.id, name: account.name } as const;
  if (name === "hold") return <HoldHolder tenantId={tenantId} holder={holder} onClose={onClose} />;
  if (name === "let-in") return <LetInHolder tenantId={tenantId} holder={holder} onClose={onClose} />;
  if (name === "revoke") return <RevokeAccount account={account} onClose={onClose} />;
  if (name === "restore") return <RestoreAccount account={account} onClose={onClose} />;
  if (name === "reset") return <ResetPassword account={account} onClose={onClose} />;
  return <DeleteAccount account={account} onClose={onClose} onDeleted={onDeleted} />;
}

/** What can be done to an account in its present state, by whom. */
export function accountActions(
  account: { state: "active" | "revoked"; hold: object | null },
  { whyNot }: Tenant,
  choose: (name: AccountActionName) => void,
): (MenuItem | MenuSeparator)[] {
  const isRevoked = account.state === "revoked";
  const refused = whyNot("accounts:write");
  return [
    {
      label: "Reset password…",
      icon: <KeyRound aria-hidden />,
      disabledReason: refused ?? (isRevoked ? "Restore the access first." : null),
      onSelect: () => choose("reset"),
    },
    { separator: true },
    account.hold
      ? {
          label: "Let back in…",
          icon: <UserRoundCheck aria-hidden />,
          disabledReason: whyNot("holds:write"),
          onSelect: () => choose("let-in"),
        }
      : {
          label: "Kick…",
          icon: <UserRoundMinus aria-hidden />,
          tone: "danger",
          disabledReason: whyNot("holds:write") ?? (isRevoked ? "Their access is revoked already." : null),
          onSelect: () => choose("hold"),
        },
    isRevoked
      ? {
          label: "Restore access…",
          icon: <UserRoundCheck aria-hidden />,
          disabledReason: refused,
          onSelect: () => choose("restore"),
        }
      : {
          label: "Revoke access…",
          icon: <UserRoundX aria-hidden />,
          tone: "danger",
          disabledReason: refused,
          onSelect: () => choose("revoke"),
        },
    {
      label: "Delete…",
      icon: <Trash2 aria-hidden />,
      tone: "danger",
      disabledReason: refused,
      onSelect: () => choose("delete"),
    },
  ];
}
