package transform

// kibana_export.go answers: what must a line of an export of Kibana's objects lose so that Dashboards imports it?

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// dashboardsVersions are the migrations that OpenSearch Dashboards knows, by kind of object: those of Kibana 7.10.
var dashboardsVersions = map[string]string{"dashboard": "7.9.3", "visualization": "7.10.0", "search": "7.9.3", "index-pattern": "7.6.0", "query": "", "config": "7.9.0", "url": "", "timelion-sheet": "7.9.3", "visualization-visbuilder": "", "augment-vis": ""}

// KibanaExportLine changes one line of POST _export for the target's import. An object of a kind that the target doesn't
// know is not kept; note says so.
func KibanaExportLine(line []byte, target es.Version) (changed []byte, keep bool, note string, err error) {
	root, err := parseObject(line)
	if err != nil {
		return nil, false, "", fmt.Errorf("exported object: %w", err)
	}
	kind, id := root.text("type"), root.text("id")
	if target.Product != es.OpenSearch || root.has("exportedCount") {
		return line, target.Product != es.OpenSearch, "", nil
	}
	newest, known := dashboardsVersions[kind]
	if !known {
		return nil, false, fmt.Sprintf("%s %s: Dashboards knows no objects of this kind", kind, id), nil
	}
	var lost []string
	for _, key := range []string{"coreMigrationVersion", "typeMigrationVersion", "managed", "created_at", "created_by", "updated_by", "namespaces", "originId"} {
		if root.has(key) {
			root.delete(key)
			lost = append(lost, key)
		}
	}
	if versions := root.object("migrationVersion"); versions != nil {
		if newest == "" {
			root.delete("migrationVersion")
			lost = append(lost, "migrationVersion")
		} else if written := versions.text(kind); compareDotted(written, newest) > 0 {
			versions.set(kind, text(newest))
			lost = append(lost, "migrationVersion "+written)
		}
	}
	if len(lost) == 0 {
		return line, true, "", nil
	}
	return appendValue(nil, root), true, fmt.Sprintf("%s %s: without %s, which Dashboards refuses", kind, id, strings.Join(lost, ", ")), nil
}

func compareDotted(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		m, _ := strconv.Atoi(x)
		n, _ := strconv.Atoi(y)
		return cmp.Compare(m, n)
	})
}
