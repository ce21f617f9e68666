package preflight

// problem.go answers: what can be wrong with a document, who mends it, and what can a person decide? Next: schema.go.

// Kind is one way in which a target refuses a document or reads it otherwise. It is the word for `accept` in
// migration.yaml.
type Kind string

// The kinds.
const (
	LongID          Kind = "long-id"
	EmptyID         Kind = "empty-id"
	DuplicateKey    Kind = "duplicate-key"
	LooseBoolean    Kind = "loose-boolean"
	DateRefused     Kind = "date-refused"
	DateMoves       Kind = "date-moves"
	TypeClash       Kind = "type-clash"
	NotANumber      Kind = "not-a-number"
	NumberRange     Kind = "number-range"
	NotAnIP         Kind = "not-an-ip"
	GeoPoint        Kind = "geo-point"
	GeoShape        Kind = "geo-shape"
	RangeRefused    Kind = "range-refused"
	VectorRefused   Kind = "vector-refused"
	QueryRefused    Kind = "query-refused"
	NotBase64       Kind = "not-base64"
	ValueRefused    Kind = "value-refused"
	JoinRefused     Kind = "join-refused"
	TooDeep         Kind = "too-deep"
	TooManyFields   Kind = "too-many-fields"
	TooManyNested   Kind = "too-many-nested"
	ImmenseTerm     Kind = "immense-term"
	NameRefused     Kind = "name-refused"
	StrictMapping   Kind = "strict-mapping"
	TooLarge        Kind = "too-large"
	DynamicConflict Kind = "dynamic-conflict"
	RoutingMissing  Kind = "routing-missing"
	NotJSON         Kind = "not-json"
	NoSource        Kind = "no-source"
	SetAside        Kind = "set-aside"
)

// trait says of a kind what it means and what is done about it.
type trait struct {
	kind Kind
	// means is what the target does, repaired what a rule does where one reaches, decide the lines of migration.yaml that
	// settle it, with INDEX and FIELD to be filled in.
	means, repaired, decide string
}

// traits is the table of all kinds, in the order in which a report shows them.
var traits = []trait{
	{LongID, "the target takes ids of at most 512 bytes", "the id becomes its hash, the old one goes into a field (long_ids: hash)", "transform: {long_ids: hash}"},
	{EmptyID, "the target takes no empty id", "", ""},
	{NotJSON, "the target's parser refuses the source", "the source is written anew as JSON", ""},
	{NoSource, "the index kept no source, so there is nothing to send", "", "indices: {exclude: [INDEX]}"},
	{TooLarge, "the document is larger than a request may be (http.max_content_length)", "", "raise http.max_content_length on the target, or drop a field: transform: {rules: [{index: INDEX, drop: [FIELD]}]}"},
	{DuplicateKey, "the target refuses a key that stands twice in an object", "the last of equal keys stays (es6_documents)", ""},
	{NameRefused, "the target refuses the field's name", "the field is called otherwise (es2_field_names)", "transform: {rules: [{index: INDEX, rename: {FIELD: NEW_NAME}}]}"},
	{StrictMapping, "the mapping is strict and does not name the field", "", "transform: {rules: [{index: INDEX, drop: [FIELD]}]}, or name it: type: {FIELD: keyword}"},
	{TypeClash, "an object stands where the mapping has a value, or a value where it has an object", "", "transform: {rules: [{index: INDEX, rename: {FIELD: NEW_NAME}}]}, or drop: [FIELD]"},
	{NotANumber, "the field is a number and the value is none", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"keyword\"}'}}]}, or '{\"type\": …, \"ignore_malformed\": true}'"},
	{NumberRange, "the number lies outside of what the field's type holds", "a number beyond a double becomes null (es6_documents)", "transform: {rules: [{index: INDEX, type: {FIELD: double}}]}, or keyword"},
	{LooseBoolean, "the target takes only true and false", "it is written as the old server read it (es6_booleans)", "transform: {rules: [{index: INDEX, type: {FIELD: keyword}}]}"},
	{DateRefused, "the value does not fit the field's date format on the target", "it is written as the instant that the old server read (es2_dates)", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"date\", \"format\": \"FORMAT\"}'}}]}"},
	{DateMoves, "the target would store another instant than the source did", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"date\", \"format\": \"FORMAT\"}'}}]}"},
	{NotAnIP, "the value is no address", "", "transform: {rules: [{index: INDEX, type: {FIELD: keyword}}]}"},
	{GeoPoint, "the value is no point, or lies beyond the poles or the date line", "it is wrapped around the globe as the old server did (es5_geo_point)", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"geo_point\", \"ignore_malformed\": true}'}}]}"},
	{GeoShape, "the value is no shape that the target takes: a type it lacks, coordinates that are none or too few, a ring that is not closed or crosses itself", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"geo_shape\", \"coerce\": true}'}}]} closes rings; \"ignore_malformed\": true (not in 5.x) keeps the documents and passes over such shapes"},
	{RangeRefused, "a bound of the range does not fit the field's type, the lower one lies above the upper one, or a key is none of gt, gte, lt, lte", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"object\", \"enabled\": false}'}}]}, or drop: [FIELD]"},
	{VectorRefused, "the vector has other dimensions than the mapping, values that are no finite numbers, or a length that its similarity excludes; features must be positive numbers", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"object\", \"enabled\": false}'}}]}, or drop: [FIELD]"},
	{QueryRefused, "the stored query is none, or of a kind that the target no longer has", "", "write the query anew on the source; transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"object\", \"enabled\": false}'}}]} keeps it as a document only"},
	{NotBase64, "the value of a binary field is no Base64", "", "transform: {rules: [{index: INDEX, type: {FIELD: keyword}}]}"},
	{ValueRefused, "the field's type does not take such a value", "", "transform: {rules: [{index: INDEX, drop: [FIELD]}]}"},
	{JoinRefused, "the join field names no relation of the mapping, or a child has no parent or routing", "", ""},
	{ImmenseTerm, "a term may have 32,766 bytes, and this field makes one of the whole value", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"keyword\", \"ignore_above\": 8191}'}}]}"},
	{TooDeep, "it is nested more deeply than index.mapping.depth.limit or the target's parser allows", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"object\", \"enabled\": false}'}}]}"},
	{TooManyFields, "the documents bring more fields than index.mapping.total_fields.limit", "", "transform: {rules: [{index: INDEX, type: {FIELD: '{\"type\": \"object\", \"enabled\": false}'}}]}"},
	{TooManyNested, "one document has more nested objects than index.mapping.nested_objects.limit", "", "raise index.mapping.nested_objects.limit in a template of the target"},
	{DynamicConflict, "no mapping names the field, so the first document decides its type, and others do not fit", "", "transform: {rules: [{index: INDEX, type: {FIELD: keyword}}]}"},
	{RoutingMissing, "the mapping requires a routing and the document has none", "", ""},
	{SetAside, "a rule can't make a document of it that the target takes", "", ""},
}

func traitOf(kind Kind) trait {
	for _, one := range traits {
		if one.kind == kind {
			return one
		}
	}
	return trait{kind: kind}
}

// problem is one thing found in one document. Its value is an example, cut short.
type problem struct {
	kind  Kind
	path  string
	value string
}

// longestExample keeps examples readable, and documents out of reports.
const longestExample = 80
