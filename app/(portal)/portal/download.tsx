"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download as DownloadIcon } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../_lib/api-types";
import { useTRPC } from "../../_lib/trpc";
import { assembleProfile, profileFileName } from "../../_profile/profile";
import { type MadeFile, saveProfile as save } from "../../_profile/save-file";
import { createSigningRequest } from "../../_profile/signing-request";
import { Button } from "../../_ui/button";
import { Callout } from "../../_ui/callout";
import { Card } from "../../_ui/card";
import { readServerError } from "../../_ui/server-error";
import { Steps } from "../../_ui/steps";

/** Makes the key here, has it certified, and puts the file together. What holds the key goes to the disk and nowhere else. */
export function Download({ profile }: { profile: Api["portal"]["profile"] }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const issue = useMutation(trpc.certificates.issue.mutationOptions());
  const [step, setStep] = useState<number>();
  const [saved, setSaved] = useState<MadeFile>();
  const [problem, setProblem] = useState<string>();
  const isBusy = step !== undefined && step < steps.length;
  const isAgain = !saved && profile.certificates.some((certificate) => !certificate.revoked);

  const download = async () => {
    setProblem(undefined);
    setSaved(undefined);
    try {
      setStep(0);
      const { request, privateKey } = await createSigningRequest(profile.id);
      setStep(1);
      const issued = await issue.mutateAsync({ csr: request });
      setStep(2);
      const file = {
        name: profileFileName(profile.tenantName, profile.name),
        text: assembleProfile({
          ...issued,
          privateKey,
          tenantName: profile.tenantName,
          accountName: profile.name,
          email: profile.email,
          accountId: profile.id,
          at: new Date(),
        }),
      };
      save(file);
      setSaved(file);
      setStep(steps.length);
      void queryClient.invalidateQueries();
    } catch (error) {
      setStep(undefined);
      setProblem(readServerError(error).message);
    }
  };

  return (
    <Card title={isAgain ? "Another profile" : "Your profile"}>
      <div className="flex flex-col gap-4">
        <p className="text-muted">
          {isAgain
            ? "You have one already. Download another for another computer or phone; the five newest work."
            : "One file with all that a VPN client needs. Its private key is made in this browser and is only in the file: we never have it."}
        </p>
        {step !== undefined && <Steps steps={steps} current={step} />}
        {problem && (
          <Callout tone="bad" role="alert" title="No profile was made">
            {problem}
          </Callout>
        )}
        {saved && (
          <Callout
            tone="ok"
            role="status"
            title={`${saved.name} is saved`}
            action={
              <Button size="sm" onClick={() => save(saved)}>
                Save again
              </Button>
            }
          >
            Look in your downloads, then follow the steps below. Do not pass it on: it opens the VPN as you.
          </Callout>
        )}
        <div>
          <Button
            variant={saved ? "secondary" : "primary"}
            size="lg"
            icon={<DownloadIcon aria-hidden />}
            loading={isBusy}
            disabledReason={
              profile.gateways.length === 0 && "No gateway is in service yet, so a profile would lead nowhere."
            }
            onClick={() => void download()}
          >
            {saved ? "Download another" : "Download profile"}
          </Button>
        </div>
      </div>
    </Card>
  );
}

const steps = ["Make the key here", "Have it certified", "Put the file together"];
