package transform

// needs.go answers: which files and plugins must a cluster have before it can hold an index? Next: settings.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Need is a file or a plugin that an index's settings or mappings use; one of File and Plugin is set.
type Need struct {
	// Where is the setting or field that uses it.
	Where string `json:"where"`
	// File is a path below the nodes' config folder (or of an AWS package).
	File string `json:"file,omitempty"`
	// Plugin brings Used: an analyzer, a filter, a type of fields.
	Plugin string `json:"plugin,omitempty"`
	Used   string `json:"used,omitempty"`
}

// brings are the plugins by the beginning of what they bring to an analysis.
var brings = []struct{ prefix, plugin string }{
	{"icu_", "analysis-icu"}, {"kuromoji", "analysis-kuromoji"}, {"ja_stop", "analysis-kuromoji"}, {"smartcn", "analysis-smartcn"}, {"nori", "analysis-nori"}, {"phonetic", "analysis-phonetic"},
	{"polish", "analysis-stempel"}, {"ukrainian", "analysis-ukrainian"}, {"seunjeon", "analysis-seunjeon"}, {"ik_", "analysis-ik"}, {"pinyin", "analysis-pinyin"}, {"stconvert", "analysis-stconvert"}, {"vi_analyzer", "analysis-vietnamese"},
}

// bringsTypes are the plugins by the types of fields that they bring.
var bringsTypes = map[string]string{"murmur3": "mapper-murmur3", "annotated_text": "mapper-annotated-text", "icu_collation_keyword": "analysis-icu", "knn_vector": "opensearch-knn", "attachment": "mapper-attachments"}

// fileOptions are options that name a file, beside those that end in _path.
var fileOptions = []string{"user_dictionary"}

// eachFile visits every setting of the analysis that names a file.
func (d *draft) eachFile(visit func(key, file string)) {
	for _, family := range analysisKinds {
		for _, name := range d.components(family) {
			base := indexPrefix + family + "." + name + "."
			for _, option := range d.options(family, name) {
				if file := d.settings.text(base + option); file != "" && (strings.HasSuffix(option, "_path") || slices.Contains(fileOptions, option)) {
					visit(base+option, file)
				}
			}
		}
	}
}

// Needs lists what an index uses that its cluster must have, as the cluster of that version shows it.
func Needs(in IndexInput, version es.Version) ([]Need, error) {
	d, err := newDraft(IndexInput{Name: in.Name, Created: in.Created, Settings: in.Settings, Mappings: in.Mappings}, version, version, Choices{})
	if err != nil {
		return nil, fmt.Errorf("needs of %s: %w", in.Name, err)
	}
	var needs []Need
	add := func(need Need) {
		if !slices.ContainsFunc(needs, func(known Need) bool { return known.File == need.File && known.Plugin == need.Plugin }) {
			needs = append(needs, need)
		}
	}
	plugin := func(where, used string) {
		for _, one := range brings {
			// The names that a person gives to parts of an analysis mean nothing.
			if strings.HasPrefix(used, one.prefix) && !d.named(used) {
				add(Need{Where: where, Plugin: one.plugin, Used: used})
			}
		}
	}
	d.eachFile(func(key, file string) { add(Need{Where: key, File: file}) })
	for _, family := range analysisKinds {
		for _, name := range d.components(family) {
			base := indexPrefix + family + "." + name + "."
			if d.settings.text(base+"type") == "hunspell" {
				locale := or(d.settings.text(base+"locale"), or(d.settings.text(base+"language"), d.settings.text(base+"lang")))
				add(Need{Where: base + "locale", File: "hunspell/" + locale})
			}
			if set := d.settings.text(base + "synonyms_set"); set != "" {
				add(Need{Where: base + "synonyms_set", File: "the synonyms set " + set})
			}
			plugin(base+"type", d.settings.text(base+"type"))
			for _, key := range []string{"tokenizer", "filter", "char_filter"} {
				for _, used := range textsOf(d.settings.get(base + key)) {
					plugin(base+key, used)
				}
			}
		}
	}
	for _, docType := range d.mappings() {
		if size := docType.mapping.object("_size"); size != nil && isTrue(size.text("enabled")) {
			add(Need{Where: d.whereType(docType) + " _size", Plugin: "mapper-size", Used: "_size"})
		}
		d.eachField(docType, func(f field) {
			for _, key := range []string{"analyzer", "search_analyzer", "search_quote_analyzer", "normalizer"} {
				plugin(d.where(f), f.body.text(key))
			}
			if needed := bringsTypes[f.kind()]; needed != "" {
				add(Need{Where: d.where(f), Plugin: needed, Used: f.kind()})
			}
		})
	}
	return needs, nil
}

// named says whether the index itself defines a part of its analysis by that name.
func (d *draft) named(name string) bool {
	return slices.ContainsFunc(analysisKinds, func(family string) bool { return slices.Contains(d.components(family), name) })
}

// InputOf reads the body of an index, or of a template, as Needs takes it.
func InputOf(name string, body []byte) (IndexInput, error) {
	root, err := parseObject(body)
	if err != nil {
		return IndexInput{}, fmt.Errorf("%s: %w", name, err)
	}
	if inner := root.object("template"); inner != nil {
		root = inner
	}
	in := IndexInput{Name: name}
	if mappings := root.object("mappings"); mappings != nil {
		in.Mappings = appendValue(nil, mappings)
	}
	if settings := root.object("settings"); settings != nil {
		in.Settings = rawMembers(settings)
	}
	return in, nil
}
