package transform

// es5_analysis.go answers: which names in the analysis changed, up to 7.0, and what must be set beside? Next: es6_all.go.

import (
	"slices"
	"strconv"
)

// analysisKinds are the families of components of an analysis.
var analysisKinds = []string{"analysis.analyzer", "analysis.tokenizer", "analysis.filter", "analysis.char_filter", "analysis.normalizer"}

// renamedComponents are types with their old names; the new ones are known since 1.x.
var renamedComponents = map[string]string{"nGram": "ngram", "NGram": "ngram", "edgeNGram": "edge_ngram", "EdgeNGram": "edge_ngram", "htmlStrip": "html_strip", "PathHierarchy": "path_hierarchy"}

func es5Analysis() Rule {
	return Rule{Name: "es5_analysis", Rows: []string{"2-27", "3-27", "4-15", "5-15", "7-10"}, Since: elasticsearch(2, 0), Why: "components of the analysis with names in camel case are refused one after the other", index: func(d *draft) error {
		d.renameComponents(renamedComponents)
		if !d.target.AtLeast(5, 0) {
			return nil
		}
		for _, name := range d.components("analysis.analyzer") {
			d.analyzerAlias(name)
		}
		for _, name := range []string{"default_index"} {
			for _, option := range d.options("analysis.analyzer", name) {
				from, to := "index.analysis.analyzer."+name+"."+option, "index.analysis.analyzer.default."+option
				if d.settings.has(to) {
					d.drop("settings", d.settings, from, "default_index is gone since 5.0, and there is a default")
					continue
				}
				d.replace("settings", d.settings, from, to, d.settings.get(from), "default_index is called default since 5.0")
			}
		}
		return nil
	}}
}

// renameComponents renames types, and references to built-in components.
func (d *draft) renameComponents(names map[string]string) {
	for _, family := range analysisKinds {
		for _, name := range d.components(family) {
			base := indexPrefix + family + "." + name + "."
			if now, ok := names[d.settings.text(base+"type")]; ok {
				d.replace("settings", d.settings, base+"type", base+"type", text(now), "renamed")
			}
			for _, key := range []string{"tokenizer", "filter", "char_filter"} {
				d.mapReferences(base+key, func(reference string) (string, bool) {
					now, ok := names[reference]
					if !ok || slices.Contains(d.components("analysis."+key), reference) {
						return reference, true
					}
					return now, true
				})
			}
		}
	}
}

// mapReferences changes or removes the names in a list of components.
func (d *draft) mapReferences(key string, change func(string) (now string, keep bool)) {
	v := d.settings.get(key)
	if v == nil {
		return
	}
	before := textsOf(v)
	var after []string
	for _, name := range before {
		if now, keep := change(name); keep {
			after = append(after, now)
		}
	}
	if slices.Equal(before, after) {
		return
	}
	var now value = texts(after...)
	if _, single := v.(literal); single && len(after) == 1 {
		now = text(after[0])
	}
	d.replace("settings", d.settings, key, key, now, "renamed or removed")
}

func es6Analysis() Rule {
	return Rule{Name: "es6_analysis", Rows: []string{"3-26", "3-28", "4-14"}, Since: elasticsearch(6, 0), Why: "wide ngrams need a setting, and synonyms take their case from the filters before them, since 6.0", index: func(d *draft) error {
		ngram, shingle := 0, 0
		for _, family := range []string{"analysis.tokenizer", "analysis.filter"} {
			for _, name := range d.components(family) {
				base := indexPrefix + family + "." + name + "."
				switch d.settings.text(base + "type") {
				case "ngram", "nGram":
					ngram = max(ngram, d.settingNumber(base+"max_gram", 2)-d.settingNumber(base+"min_gram", 1))
				case "shingle":
					size := d.settingNumber(base+"max_shingle_size", 2) - d.settingNumber(base+"min_shingle_size", 2)
					if written := d.settings.text(base + "output_unigrams"); written == "" || isTrue(written) {
						size++
					}
					shingle = max(shingle, size)
				case "synonym":
					d.synonymCase(name)
				}
			}
		}
		const ngramDefault, shingleDefault = 1, 3
		d.raise("index.max_ngram_diff", ngram, ngramDefault)
		d.raise("index.max_shingle_diff", shingle, shingleDefault)
		return nil
	}}
}

func (d *draft) settingNumber(key string, fallback int) int {
	if n, err := strconv.Atoi(d.settings.text(key)); err == nil {
		return n
	}
	return fallback
}

func (d *draft) raise(key string, need, fallback int) {
	if need > d.settingNumber(key, fallback) {
		d.changed("settings "+key, d.settings.get(key), number(need), "the analysis needs it since 6.0")
		d.settings.set(key, number(need))
	}
}

// analyzerAlias copies an analyzer to its other name, which 5.x and 6.x refuse as an alias.
func (d *draft) analyzerAlias(name string) {
	key := "index.analysis.analyzer." + name + ".alias"
	if !d.settings.has(key) {
		return
	}
	for _, alias := range textsOf(d.settings.get(key)) {
		for _, option := range d.options("analysis.analyzer", name) {
			if option != "alias" {
				d.settings.set("index.analysis.analyzer."+alias+"."+option, d.settings.get("index.analysis.analyzer."+name+"."+option))
			}
		}
		d.changed("settings index.analysis.analyzer."+alias, nil, "a copy of "+name, "aliases of analyzers are refused by 5.x and 6.x")
	}
	d.drop("settings", d.settings, key, "aliases of analyzers are refused by 5.x and 6.x")
}

// synonymCase puts lowercase before a synonym filter that ignored case: newer ones silently don't.
func (d *draft) synonymCase(name string) {
	base := "index.analysis.filter." + name + "."
	if d.settings.has(base + "tokenizer") {
		d.found(Warning, "settings "+base+"tokenizer", "the synonyms are read by the tokenizer of the analyzer since 6.0", "compare _analyze on both sides")
		d.drop("settings", d.settings, base+"tokenizer", "ignored since 6.0")
	}
	if !isTrue(d.settings.text(base + "ignore_case")) {
		return
	}
	d.drop("settings", d.settings, base+"ignore_case", "ignored since 6.0")
	for _, analyzer := range d.components("analysis.analyzer") {
		key := "index.analysis.analyzer." + analyzer + ".filter"
		filters := textsOf(d.settings.get(key))
		at := slices.Index(filters, name)
		if at < 0 || slices.Contains(filters[:at], "lowercase") {
			continue
		}
		now := texts(slices.Insert(slices.Clone(filters), at, "lowercase")...)
		d.replace("settings", d.settings, key, key, now, "synonyms no longer ignore case by themselves; tokens are lower case before them now")
	}
}

func es7Analysis() Rule {
	return Rule{Name: "es7_analysis", Rows: []string{"4-15"}, Since: elasticsearch(7, 0), Why: "the filter standard, the analyzer standard_html_strip and delimited_payload_filter are gone since 7.0", index: func(d *draft) error {
		d.renameComponents(map[string]string{"delimited_payload_filter": "delimited_payload"})
		removed := []string{"standard"}
		for _, name := range d.components("analysis.filter") {
			if d.settings.text("index.analysis.filter."+name+".type") == "standard" {
				d.dropComponent("analysis.filter", name, "", "the filter standard did nothing, and is gone since 7.0")
				removed = append(removed, name)
			}
		}
		for _, name := range d.components("analysis.analyzer") {
			base := "index.analysis.analyzer." + name + "."
			d.mapReferences(base+"filter", func(reference string) (string, bool) { return reference, !slices.Contains(removed, reference) })
			if d.settings.text(base+"type") == "standard_html_strip" {
				d.replace("settings", d.settings, base+"type", base+"type", text("custom"), "standard_html_strip is gone since 7.0")
				for _, part := range [][2]string{{"tokenizer", "standard"}, {"char_filter", "html_strip"}, {"filter", "lowercase"}} {
					d.settings.set(base+part[0], texts(part[1])[0])
				}
			}
		}
		return nil
	}, field: func(d *draft, f field) {
		for _, key := range []string{"analyzer", "search_analyzer", "search_quote_analyzer"} {
			if f.body.text(key) == "standard_html_strip" {
				d.settings.set("index.analysis.analyzer.standard_html_strip.type", text("custom"))
				d.settings.set("index.analysis.analyzer.standard_html_strip.tokenizer", text("standard"))
				d.settings.set("index.analysis.analyzer.standard_html_strip.char_filter", text("html_strip"))
				d.settings.set("index.analysis.analyzer.standard_html_strip.filter", text("lowercase"))
				d.changed(d.where(f), nil, "analyzer standard_html_strip defined in the settings", "it is not built in since 7.0")
			}
		}
	}}
}

func pluginAnalysis() Rule {
	return Rule{Name: "plugin_analysis", Rows: []string{"3-29", "4-27", "6-05"}, Why: "an analysis may read files, which lie elsewhere on the target; the plan finds those and the plugins that are missing there", index: func(d *draft) error {
		d.eachFile(func(key, file string) {
			if now, mapped := d.choices.Files[file]; mapped && now != file {
				d.replace("settings", d.settings, key, key, text(now), "the file lies there on the target, as migration.yaml says")
			}
		})
		return nil
	}}
}
