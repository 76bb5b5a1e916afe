import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules";

/** `pulumi preview --policy-pack node_modules/pulumi-vpn-gateway/policies` */
new PolicyPack("vpn-gateway", {
  enforcementLevel: "mandatory",
  policies: rules.map(({ name, description, types, judge }) => ({
    name,
    description,
    enforcementLevel: "mandatory",
    validateResource: ({ type, props }, report) => {
      if (types.includes(type)) for (const wrong of judge(props)) report(wrong);
    },
  })),
});
