package transform

// rule_template.go answers: which rules change only templates, or Kibana's objects? Their bodies pass through template.go
// and kibana.go; the rules stand here so that the table is whole. Next: template.go.

func es6Template() Rule {
	return Rule{Name: "es6_template", Rows: []string{"3-12"}, Since: elasticsearch(6, 0), Why: "a template's key template is called index_patterns since 6.0; 8.0 refuses the old one",
		root: func(d *draft, body *object) {
			pattern := body.text("template")
			if pattern == "" {
				return
			}
			now := texts(pattern)
			if old := body.get("template"); !body.has("index_patterns") {
				body.rename("template", "index_patterns")
				body.set("index_patterns", now)
				d.changed("template", newObject("template", old), newObject("index_patterns", now), "its key template becomes index_patterns")
			} else {
				d.drop("template", body, "template", "it has index_patterns beside")
			}
		}}
}

func es6Kibana() Rule {
	return Rule{Name: "es6_kibana", Rows: []string{"3-33"}, Since: elasticsearch(6, 0), Why: "Kibana's objects have one type since 6.0: their ids begin with their kind"}
}

func osKibana() Rule {
	return Rule{Name: "os_kibana", Rows: []string{"7-13"}, Since: openSearch(1, 0), Why: "Dashboards refuses objects that a Kibana after 7.10 has migrated"}
}
