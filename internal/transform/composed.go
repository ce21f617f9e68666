package transform

// composed.go answers: what must a composable template, or one of its components, say so that the target takes it?
// Next: composable.go.

import (
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// laterKeys are keys of composable templates and components that OpenSearch, which left at 7.10, does not know.
var laterKeys = []string{"allow_auto_create", "ignore_missing_component_templates", "deprecated", "created_date", "modified_date", "created_date_millis", "modified_date_millis"}

// Composed rewrites the body of a composable template or of a component, as GET gives it under index_template or
// component_template.
func Composed(name string, body []byte, source, target es.Version, choices Choices) (TemplatePlan, error) {
	root, err := parseObject(body)
	if err != nil {
		return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
	}
	plan := TemplatePlan{}
	d := &draft{source: source, created: source, target: target, settings: &object{}, rule: &Rule{Name: "composed", Rows: []string{"7-21", "5-02"}}}
	inner := root.object("template")
	if inner != nil {
		lifecycle := inner.get("lifecycle")
		inner.delete("lifecycle")
		if plan, err = Template(name, appendValue(nil, inner), source, target, choices); err != nil {
			return TemplatePlan{}, err
		}
		now, err := parseObject(plan.Body)
		if err != nil {
			return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
		}
		if lifecycle != nil {
			if target.Product == es.OpenSearch {
				d.changed("template lifecycle", lifecycle, nil, "OpenSearch has no lifecycle in data streams")
				d.found(Warning, "template "+name, "its data streams kept their documents for a time that the template set", "write a state management policy for it")
			} else {
				now.set("lifecycle", lifecycle)
			}
		}
		root.set("template", now)
	}
	// Servers show these and take none of them.
	for _, key := range []string{"created_date", "modified_date", "created_date_millis", "modified_date_millis"} {
		root.delete(key)
	}
	if target.Product == es.OpenSearch {
		for _, key := range laterKeys {
			d.drop("template "+name, root, key, "unknown to OpenSearch")
		}
		if stream := root.object("data_stream"); stream != nil {
			for _, key := range []string{"hidden", "allow_custom_routing", "index_mode", "failure_store"} {
				d.drop("template "+name+" data_stream", stream, key, "unknown to OpenSearch")
			}
		}
	}
	plan.Body = appendValue(nil, root)
	plan.Changes, plan.Findings = append(plan.Changes, d.changes...), append(plan.Findings, d.findings...)
	return plan, nil
}
