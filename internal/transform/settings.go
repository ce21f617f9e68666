package transform

// settings.go answers: which settings go to the target? Only those of this list, in units that it reads; every other is
// dropped and listed. Next: document.go.

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// allowedSetting is one setting, or a family that ends in a dot, that may be copied, since the release that knows it.
type allowedSetting struct {
	name  string
	since es.Version
}

// allowedSettings is the list; releases are those of the measured servers or before.
func allowedSettings() []allowedSetting {
	all := es.Version{}
	return []allowedSetting{
		{"number_of_shards", all}, {"number_of_replicas", all}, {"refresh_interval", all}, {"codec", all}, {"analysis.", all}, {"similarity.", all},
		{"mapping.total_fields.limit", elasticsearch(5, 0)}, {"mapping.depth.limit", elasticsearch(5, 0)}, {"mapping.nested_fields.limit", elasticsearch(2, 3)},
		{"mapping.nested_objects.limit", elasticsearch(7, 0)}, {"mapping.ignore_malformed", all}, {"mapping.coerce", all}, {"mapping.field_name_length.limit", elasticsearch(7, 6)},
		{"mapping.dimension_fields.limit", elasticsearch(7, 16)}, {"mapping.source.mode", elasticsearch(8, 17)}, {"mode", elasticsearch(8, 0)},
		{"max_result_window", elasticsearch(2, 1)}, {"max_inner_result_window", elasticsearch(6, 0)}, {"max_rescore_window", elasticsearch(5, 0)},
		{"max_docvalue_fields_search", elasticsearch(6, 0)}, {"max_script_fields", elasticsearch(6, 0)}, {"max_ngram_diff", elasticsearch(6, 0)}, {"max_shingle_diff", elasticsearch(6, 0)},
		{"max_terms_count", elasticsearch(6, 2)}, {"max_regex_length", elasticsearch(6, 6)}, {"query.default_field", all},
		{"routing_partition_size", elasticsearch(5, 3)}, {"number_of_routing_shards", elasticsearch(6, 0)}, {"sort.", elasticsearch(6, 0)},
		{"search.slowlog.threshold.", all}, {"indexing.slowlog.threshold.", all}, {"requests.cache.enable", elasticsearch(2, 0)}, {"queries.cache.enabled", elasticsearch(5, 0)}, {"priority", all},
		{"default_pipeline", elasticsearch(6, 5)}, {"final_pipeline", elasticsearch(7, 5)}, {"auto_expand_replicas", all}, {"gc_deletes", all}, {"hidden", elasticsearch(7, 7)},
		{"translog.durability", elasticsearch(2, 0)}, {"translog.flush_threshold_size", all},
		{"knn", openSearch(1, 0)}, {"knn.algo_param.ef_search", openSearch(1, 0)}, {"knn.space_type", openSearch(1, 0)},
	}
}

// privateSettings belong to the one index that has them; the target makes its own, and refuses these.
var privateSettings = []string{"uuid", "creation_date", "creation_date_string", "version.", "provided_name", "resize.", "routing.allocation.initial_recovery.", "mapping.single_type", "upgrade", "frozen",
	"lifecycle.", "plugins.index_state_management.", "opendistro.index_state_management.", "blocks.", "history.uuid", "verified_before_close", "store.snapshot.", "shrink.", "routing.allocation.shrink."}

func settingsAllowed() Rule {
	return Rule{Name: "settings_allowed", Rows: []string{"1-16", "1-25", "1-26", "1-27", "2-17", "2-26", "2-27", "2-28", "2-33", "2-39", "3-05", "3-16", "4-12", "4-13", "5-12", "5-14", "7-08", "6-13", "2-31"}, Since: es.Version{},
		Why: "the target refuses settings that it doesn't know, private ones and values without units", index: allowSettings}
}

func allowSettings(d *draft) error {
	if old := "index.cache.query.enable"; d.settings.has(old) && d.target.AtLeast(2, 0) {
		d.replace("settings", d.settings, old, "index.requests.cache.enable", d.settings.get(old), "renamed in 2.0")
	}
	if !d.template && !d.settings.has("index.number_of_shards") && !d.source.AtLeast(7, 0) && d.target.AtLeast(7, 0) {
		const oldDefault = 5
		d.settings.set("index.number_of_shards", number(oldDefault))
		d.changed("settings index.number_of_shards", nil, number(oldDefault), "the default was 5 before 7.0, and is 1 since")
	}
	allowed := allowedSettings()
	d.settings.each(func(key string, v value) {
		name := strings.TrimPrefix(key, indexPrefix)
		at := slices.IndexFunc(allowed, func(a allowedSetting) bool {
			return a.name == name || strings.HasSuffix(a.name, ".") && strings.HasPrefix(name, a.name)
		})
		switch {
		case at >= 0 && (Rule{Since: allowed[at].since}).reaches(d.target):
			d.settingValue(key, name, v)
		case at >= 0:
			d.drop("settings", d.settings, key, "unknown to the target")
		case strings.HasPrefix(name, "routing.allocation.require.") || strings.HasPrefix(name, "routing.allocation.include.") || strings.HasPrefix(name, "routing.allocation.exclude."):
			if d.choices.KeepAllocation && !strings.HasSuffix(name, "_tier_preference") {
				return
			}
			d.found(Warning, "settings "+key, "the index may lie only on certain nodes of the source; the target's nodes need not carry that attribute", "set keep_allocation: true when they do")
			d.drop("settings", d.settings, key, "allocation filters name nodes of the source")
		case slices.ContainsFunc(privateSettings, func(p string) bool {
			return p == name || strings.HasSuffix(p, ".") && strings.HasPrefix(name, p)
		}):
			d.drop("settings", d.settings, key, "belongs to the source's index alone")
		default:
			d.drop("settings", d.settings, key, "not on the list of settings that are safe to copy")
		}
	})
	const most = 1024
	if shards, err := strconv.Atoi(d.settings.text("index.number_of_shards")); err == nil && shards > most && d.target.AtLeast(5, 0) {
		d.found(Blocker, "settings index.number_of_shards", "an index may have 1024 shards since 5.0", "set a smaller number by a rule of your own")
	}
	return nil
}

// settingValue puts a value into the form that the target reads.
func (d *draft) settingValue(key, name string, v value) {
	written := textOf(v)
	replaceWith := func(now, why string) {
		if now != written {
			d.replace("settings", d.settings, key, key, text(now), why)
		}
	}
	switch {
	case name == "codec":
		if !codecKnown(written, d.target) {
			now := "default"
			if strings.HasPrefix(written, "zstd") || written == "zlib" || strings.HasPrefix(written, "qat_deflate") {
				now = "best_compression"
			}
			replaceWith(now, "the target knows no such codec")
		}
	case name == "mode" && written == "time_series":
		d.found(Warning, "settings "+key, "time series indices need dimensions and a time range that belong to a data stream; the copy is a standard index", "write a template with a data stream for what comes new")
		d.drop("settings", d.settings, key, "belongs to a data stream")
	case name == "refresh_interval" || name == "gc_deletes" || strings.Contains(name, "slowlog.threshold."):
		replaceWith(withTimeUnit(written), "times need a unit, and whole numbers of it, since 5.0")
	case name == "translog.flush_threshold_size":
		if _, err := strconv.Atoi(written); err == nil && written != "-1" {
			replaceWith(written+"b", "sizes need a unit since 5.0")
		}
	case name == "requests.cache.enable" || name == "queries.cache.enabled" || name == "mapping.coerce" || name == "mapping.ignore_malformed" || name == "hidden":
		if written != "true" && written != "false" {
			replaceWith(strconv.FormatBool(isTrue(written)), "a boolean is true or false since 6.0")
		}
	case name == "auto_expand_replicas" && (written == "no" || written == "off" || written == "0"):
		replaceWith("false", "a boolean is true or false since 6.0")
	}
}

func codecKnown(codec string, target es.Version) bool {
	switch codec {
	case "default", "best_compression":
		return true
	case "lz4", "zlib":
		return target.Product == es.OpenSearch && es.Compare(target, openSearch(2, 9)) >= 0
	case "zstd", "zstd_no_dict":
		// A plugin brings them, which AWS and the full distribution have.
		return target.Product == es.OpenSearch && es.Compare(target, openSearch(2, 9)) >= 0
	}
	return false
}

// withTimeUnit gives "30" its milliseconds, and turns weeks and fractions into whole numbers of smaller units.
func withTimeUnit(written string) string {
	if written == "-1" || written == "0" || written == "" {
		return written
	}
	if _, err := strconv.Atoi(written); err == nil {
		return written + "ms"
	}
	unit := strings.TrimLeft(written, "0123456789.-")
	amount, err := strconv.ParseFloat(strings.TrimSuffix(written, unit), 64)
	if err != nil {
		return written
	}
	const day = 24 * 3600 * 1000
	milliseconds, known := map[string]float64{"ms": 1, "s": 1000, "S": 1000, "m": 60_000, "h": 3600_000, "H": 3600_000, "d": day, "D": day, "w": 7 * day}[unit]
	switch {
	case !known:
		return written
	case unit == "w" && amount == float64(int64(amount)):
		return strconv.FormatInt(int64(amount)*7, 10) + "d"
	case amount != float64(int64(amount)):
		return strconv.FormatInt(int64(amount*milliseconds), 10) + "ms"
	}
	return strconv.FormatInt(int64(amount), 10) + strings.ToLower(unit)
}

// components names what is defined under index.FAMILY, such as the filters of analysis.filter.
func (d *draft) components(family string) []string {
	var names []string
	prefix := indexPrefix + family + "."
	for _, key := range d.settings.keys {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			name, _, hasOption := strings.Cut(rest, ".")
			if hasOption && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// options names the parameters of one component.
func (d *draft) options(family, name string) []string {
	var options []string
	prefix := indexPrefix + family + "." + name + "."
	for _, key := range d.settings.keys {
		if option, ok := strings.CutPrefix(key, prefix); ok {
			options = append(options, option)
		}
	}
	return options
}

// dropComponent removes all parameters of a component but those named.
func (d *draft) dropComponent(family, name, except, why string) {
	for _, option := range d.options(family, name) {
		if option != except {
			d.drop("settings", d.settings, indexPrefix+family+"."+name+"."+option, why)
		}
	}
}
