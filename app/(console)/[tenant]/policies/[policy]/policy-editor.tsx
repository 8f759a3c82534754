"use client";

import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "../../../../_lib/trpc";
import { Badge } from "../../../../_ui/badge";
import { Button } from "../../../../_ui/button";
import { ErrorState } from "../../../../_ui/error-state";
import { PageHeader } from "../../../../_ui/page-header";
import { Skeleton } from "../../../../_ui/skeleton";
import { useTenant } from "../../../_lib/use-tenant";
import { DeletePolicy } from "../delete-policy";
import { PolicyUse } from "../policy-use";
import { PolicyForm } from "./policy-form";

/** One policy, or a new one where no id is given. */
export function PolicyEditor({ policyId }: { policyId: string | undefined }) {
  const trpc = useTRPC();
  const { tenantId, whyNot, paths } = useTenant();
  const router = useRouter();
  const [isLeaving, setLeaving] = useState(false);
  const policy = useQuery(
    trpc.policies.get.queryOptions({ tenantId, policyId: policyId ?? "" }, { enabled: policyId !== undefined }),
  );
  const breadcrumbs = [{ label: "Policies", href: paths.policies }];
  if (policy.error && !policy.data)
    return (
      <>
        <PageHeader title="Policy" breadcrumbs={breadcrumbs} />
        <ErrorState
          frame="box"
          error={policy.error}
          title="This policy could not be loaded"
          onRetry={policy.refetch}
          isRetrying={policy.isFetching}
        />
      </>
    );
  return (
    <>
      <PageHeader
        title={policyId ? (policy.data?.name ?? "Policy") : "New policy"}
        breadcrumbs={breadcrumbs}
        badge={
          policy.data && (
            <>
              <Badge tone={policy.data.isEnabled ? "ok" : "neutral"} dot>
                {policy.data.isEnabled ? "On" : "Off"}
              </Badge>
              <span className="text-xs">
                <PolicyUse use={policy.data.use} />
              </span>
            </>
          )
        }
        actions={
          policy.data && (
            <Button
              variant="danger-ghost"
              icon={<Trash2 aria-hidden />}
              disabledReason={whyNot("policies:write")}
              onClick={() => setLeaving(true)}
            >
              Delete…
            </Button>
          )
        }
      />
      {!policyId ? (
        <PolicyForm />
      ) : policy.data ? (
        <PolicyForm key={policy.data.id} policy={policy.data} />
      ) : (
        <PolicySkeleton />
      )}
      <DeletePolicy
        policy={isLeaving ? policy.data : undefined}
        onClose={() => setLeaving(false)}
        onDeleted={() => router.push(paths.policies)}
      />
    </>
  );
}

function PolicySkeleton() {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex flex-col gap-4">
        <Skeleton className="h-64 rounded-lg" />
        <Skeleton className="h-96 rounded-lg" />
      </div>
      <Skeleton className="h-32 rounded-lg" />
    </div>
  );
}
