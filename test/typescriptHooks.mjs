export async function load(url, context, next) {
  if (url.split("?")[0].endsWith(".ts")) return { format: "commonjs", shortCircuit: true };
  return next(url, context);
}
