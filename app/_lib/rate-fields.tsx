"use client";

import { useWatch } from "react-hook-form";
import { z } from "zod";
import { rateField } from "@/server/core/rate";
import { Field } from "../_ui/field";
import { Input } from "../_ui/input";
import { Switch } from "../_ui/switch";

/** In a form's schema: the ceiling as it is switched on and off. */
export const rateForm = z.object({ isLimited: z.boolean(), rate: rateField });

/** @param rate kbit/s; null where there is no ceiling */
export const rateDefaults = (rate: z.infer<typeof rateField> | null) => ({
  isLimited: rate !== null,
  rate: rate ?? { down: 20_000, up: 10_000 },
});

/** A ceiling of speed, down and up, or none. In a form whose schema has `rateForm`'s fields. */
export function RateFields({ label, hint }: { label: string; hint: string }) {
  const isLimited = useWatch({ name: "isLimited" });
  return (
    <>
      <Field name="isLimited" label={label} layout="inline" hint={hint}>
        <Switch />
      </Field>
      {isLimited && (
        <div className="grid grid-cols-2 gap-3">
          <Field name="rate.down" label="Down, kbit/s">
            <Input type="number" min={64} />
          </Field>
          <Field name="rate.up" label="Up, kbit/s">
            <Input type="number" min={64} />
          </Field>
        </div>
      )}
    </>
  );
}
