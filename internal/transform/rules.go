package transform

// rules.go is the ordered table of the rules. The order matters where one rule makes what the next one reads: names
// before types, types before parameters; types become one when each field of each is as the target wants it, and before
// the mapping loses its type and a person's own rules change what the target will have. Next: es2_mapping.go.

// Rules lists every rule in the order in which they run.
func Rules() []Rule {
	return []Rule{
		es2FieldNames(), es2Mapping(), es2FieldParameters(), es2Conflicts(), es2Dates(), es2Filters(), es2TypeNames(),
		es5Timestamp(), es5Percolator(), es5Attachment(), es5Completion(), es5StringSplit(), es5FieldParameters(), es5Norms(), es5Fielddata(), es5Floats(), es5GeoPoint(), es5Mapping(),
		es5IndexNames(), es5Similarity(), es5Analysis(), es5Limits(), es5Documents(),
		es6All(), es6Booleans(), es6Template(), es6Kibana(), es6Defaults(), es6DynamicTemplates(), es6MapperDynamic(), es6Analysis(), es6Documents(),
		es6ParentJoin(),
		es7Dates(), es7Mapping(), es7Similarity(), es7Analysis(), es7IndexNames(), es7Completion(),
		es8Mapping(), es8DenseVector(), es9Source(),
		osLifecycle(), osKibana(), osVectors(),
		newTypes(), pluginAnalysis(),
		es6SingleType(), es7Typeless(),
		userMapping(),
		settingsAllowed(),
	}
}
