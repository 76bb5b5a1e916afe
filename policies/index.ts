import { PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { rules, stackRules } from "./rules";

/** `pulumi preview --policy-pack node_modules/pulumi-vpn-gateway/policies` */
new PolicyPack("vpn-gateway", {
  enforcementLevel: "mandatory",
  policies: [
    ...rules.map(({ name, description, types, judge }): ResourceValidationPolicy => ({
      name,
      description,
      enforcementLevel: "mandatory",
      validateResource: ({ type, props }, report) => {
        if (types.includes(type)) for (const wrong of judge(props, type)) report(wrong);
      },
    })),
    ...stackRules.map(({ name, description, judge }): StackValidationPolicy => ({
      name,
      description,
      enforcementLevel: "advisory",
      validateStack: ({ resources }, report) => {
        for (const wrong of judge(resources)) report(wrong);
      },
    })),
  ],
});
