"use client";

import { useMutation } from "@tanstack/react-query";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { SendLink } from "../../../_passwords/send-link";
import { useTenant } from "../../_lib/use-tenant";

interface SendMemberLinkProps {
  member: Api["members"]["list"]["rows"][number];
  onClose: () => void;
}

export function SendMemberLink({ member, onClose }: SendMemberLinkProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const send = useMutation(trpc.members.sendLink.mutationOptions());
  return (
    <SendLink
      person={member}
      within="an hour"
      send={() => send.mutateAsync({ tenantId, memberId: member.id })}
      onClose={onClose}
    />
  );
}
