import { Field } from "../_ui/field";
import { Select } from "../_ui/select";

type Choice = "replace" | "refuse";

/** What becomes of an account's second connection: the tenant chooses, or staff for it. In a form that has `secondSession`. */
export function SecondSessionField({ disabled }: { disabled?: boolean }) {
  return (
    <Field
      name="secondSession"
      label="When an account connects again"
      hint="The person is told why. A connection that went silent, or whose gateway is gone, keeps nobody out."
    >
      <Select<Choice>
        disabled={disabled}
        options={[
          { value: "replace", label: "End the first", detail: "The newest connection stays." },
          { value: "refuse", label: "Refuse the second", detail: "The first stays while it is up." },
        ]}
      />
    </Field>
  );
}
