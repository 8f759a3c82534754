import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Api } from "../../_lib/api-types";
import { useTRPC } from "../../_lib/trpc";
import { assembleProfile } from "../../_profile/profile";
import { type MadeFile, saveProfile } from "../../_profile/save-file";
import { createSigningRequest } from "../../_profile/signing-request";
import { readServerError } from "../../_ui/server-error";

interface Saved extends MadeFile {
  isRenewal: boolean;
}

/** What a download goes through, in order. */
export const downloadSteps = ["Make the key here", "Have it certified", "Put the file together"];

/** Makes the key here, has it certified, and puts the file together. What holds the key goes to the disk and nowhere else. */
export function useDownload() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const issue = useMutation(trpc.certificates.issue.mutationOptions());
  const [step, setStep] = useState<number>();
  const [saved, setSaved] = useState<Saved>();
  const [problem, setProblem] = useState<string>();

  /** @param how.renews the certificate that the new one is to take the place of */
  const start = async (
    profile: Api["portal"]["profile"],
    { renews, isForOldClient }: { renews?: string; isForOldClient?: boolean } = {},
  ) => {
    setProblem(undefined);
    setSaved(undefined);
    try {
      setStep(0);
      const { request, privateKey } = await createSigningRequest(profile.id);
      setStep(1);
      const issued = await issue.mutateAsync({ csr: request, renews, isForOldClient });
      setStep(2);
      const file = {
        name: issued.fileName,
        text: assembleProfile({
          ...issued,
          privateKey,
          tenantName: profile.tenantName,
          accountName: profile.name,
          email: profile.email,
          accountId: profile.id,
          at: new Date(),
        }),
        isRenewal: renews !== undefined,
      };
      saveProfile(file);
      setSaved(file);
      setStep(downloadSteps.length);
      void queryClient.invalidateQueries();
    } catch (error) {
      setStep(undefined);
      setProblem(readServerError(error).message);
    }
  };

  return {
    start,
    step,
    saved,
    problem,
    isBusy: step !== undefined && step < downloadSteps.length,
    saveAgain: saveProfile,
  };
}
