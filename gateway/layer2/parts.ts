import { emptyPart, readable, type Part } from "../bundle";
import { layerTwoNames } from "./names";
import { renderLayerTwoDescription } from "./render/description";
import { renderLayerTwoFirewall } from "./render/firewall";
import { layerTwoModules, renderLayerTwoModules } from "./render/modules";
import type { LayerTwoView } from "./spec";

/** An extension on one of its gateways; nothing of it is secret. Expects one that `validateLayerTwo` has no error for. */
export function layerTwoPart(view: LayerTwoView): Part {
  const names = layerTwoNames(view.spec.name);
  return {
    ...emptyPart(names.part, false),
    modules: layerTwoModules(view),
    files: [
      readable(names.modules, renderLayerTwoModules(view)),
      readable(names.firewall, renderLayerTwoFirewall(view)),
      readable(names.description, renderLayerTwoDescription(view)),
    ],
  };
}
