#!/usr/bin/env bash
# Fetch the chart libraries that the report carries (BSD-3-Clause) into the package.
# Run from the repository: bash scripts/vendor_charts.sh
set -euo pipefail
assets="$(pwd)/src/unburden/report/assets"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$assets"
cd "$scratch"
npm init -y >/dev/null
npm install --silent vega@6.4.0 vega-lite@6.4.3 vega-embed@7.3.0 vega-interpreter@2.3.2
for name in vega vega-lite vega-embed; do
  grep -v '^//# sourceMappingURL' "node_modules/$name/build/$name.min.js" >"$assets/$name.min.js"
  cp "node_modules/$name/LICENSE" "$assets/$name.LICENSE"
done
# The interpreter comes as a module only; make it a script that takes what it needs from `vega`.
{
  echo '(function () {'
  sed -e 's/^import {\(.*\)} from .vega-util.;$/const {\1} = vega;/' \
      -e 's/^export { expression as expressionInterpreter };$/globalThis.vegaInterpreter = { expressionInterpreter: expression };/' \
      -e '/^\/\/# sourceMappingURL/d' node_modules/vega-interpreter/build/vega-interpreter.js
  echo '})();'
} >"$assets/vega-interpreter.js"
cp node_modules/vega-interpreter/LICENSE "$assets/vega-interpreter.LICENSE"
