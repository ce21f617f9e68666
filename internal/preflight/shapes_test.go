package preflight

// shapes_test.go holds the trials of shapes, ranges, vectors and stored queries. Which is good, the servers say.

import "strings"

// shapeTrials are documents with one field of a definition. Of the open ones a server may refuse what is taken here, since
// the check stays silent where it is not certain; what a server takes may not be refused here either.
func shapeTrials() (list []trial) {
	field := func(definition string, open bool, values ...string) {
		for _, value := range values {
			list = append(list, trial{mapping: `{"properties":{"f":` + definition + `,"x":{"type":"keyword"}}}`, document: `{"f":` + value + `}`, open: open})
		}
	}
	for _, definition := range []string{`{"type":"geo_shape"}`, `{"type":"geo_shape","tree":"quadtree","precision":"100km"}`} {
		field(definition, false,
			`{"type":"point","coordinates":[-71,41]}`, `{"type":"Point","coordinates":[-71,41]}`, `{"type":"POINT","coordinates":[-71,41]}`, `{"type":"pOInt","coordinates":[-71,41]}`,
			`{"type":"point","coordinates":[-71,91]}`, `{"type":"point","coordinates":[181,41]}`, `{"type":"point","coordinates":[-71,-91]}`, `{"type":"point","coordinates":[360,41]}`,
			`{"type":"point","coordinates":[540,41]}`, `{"type":"point","coordinates":[1000,1000]}`, `{"type":"point","coordinates":[-71]}`, `{"type":"point","coordinates":[]}`,
			`{"type":"point","coordinates":[-71,41,5]}`, `{"type":"point","coordinates":[-71,41,5,6]}`, `{"type":"point","coordinates":["-71","41"]}`, `{"type":"point","coordinates":["a","b"]}`,
			`{"type":"point","coordinates":[-71,null]}`, `{"type":"point","coordinates":[null,null]}`, `{"type":"point","coordinates":[[-71,41]]}`, `{"type":"point","coordinates":null}`,
			`{"type":"point","coordinates":{"lon":-71,"lat":41}}`, `{"type":"point","coordinates":"x"}`, `{"type":"point","coordinates":[true,false]}`, `{"type":"point"}`, `{"coordinates":[1,2]}`,
			`{}`, `{"type":"nonsense","coordinates":[1,2]}`, `{"type":null,"coordinates":[1,2]}`, `{"type":5,"coordinates":[1,2]}`, `{"type":"point","coordinates":[1,2],"foo":1}`,
			`{"type":"point","coordinates":[1,2],"foo":{"a":[1]}}`, `{"type":"Point","coordinates":[1,2],"crs":{"type":"name","properties":{"name":"x"}}}`,
			`{"type":"point","coordinates":[1,2],"bbox":[1,2,3,4]}`, `{"coordinates":[1,2],"type":"point"}`, `{"type":"Feature","geometry":{"type":"point","coordinates":[1,2]},"properties":{}}`,
			`{"type":"FeatureCollection","features":[]}`, `{"lat":1,"lon":2}`, `1`, `true`, `"x"`, `""`, `null`, `[]`, `[1,2]`, `[-71,41]`,
			`[{"type":"point","coordinates":[1,2]},{"type":"point","coordinates":[3,4]}]`, `[["POINT (1 2)"]]`, `["POINT (1 2)","POINT (3 4)"]`, `[null]`, `["POINT (1 2)",null]`,
			`{"type":"linestring","coordinates":[[1,2],[3,4]]}`, `{"type":"LineString","coordinates":[[1,2],[3,4]]}`, `{"type":"linestring","coordinates":[[1,2]]}`,
			`{"type":"linestring","coordinates":[]}`, `{"type":"linestring","coordinates":[[1,2],[1,2]]}`, `{"type":"linestring","coordinates":[[1,2],[3,95]]}`,
			`{"type":"linestring","coordinates":[[1,2],[195,4]]}`, `{"type":"linestring","coordinates":[1,2]}`, `{"type":"linestring","coordinates":[[[1,2],[3,4]]]}`,
			`{"type":"linestring","coordinates":[[170,2],[-170,4]]}`, `{"type":"linestring","coordinates":[[1,2,3],[3,4,5]]}`, `{"type":"linestring","coordinates":[[1,2],[3,4,5]]}`,
			`{"type":"linestring","coordinates":[[1,2],[1,2],[3,4]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]]}`,
			`{"type":"Polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1]]]}`,
			`{"type":"polygon","coordinates":[[[100,0],[101,0],[100,0]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0]]]}`,
			`{"type":"polygon","coordinates":[[[100,0]]]}`, `{"type":"polygon","coordinates":[[]]}`, `{"type":"polygon","coordinates":[]}`,
			`{"type":"polygon","coordinates":[[100,0],[101,0],[101,1],[100,1],[100,0]]}`, `{"type":"polygon","coordinates":[[[0,0],[1,1],[2,2],[0,0]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[0,0],[0,0],[0,0]]]}`, `{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[2,4],[4,4],[4,2],[2,2]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[2,4],[4,4],[4,2]]]}`, `{"type":"polygon","coordinates":[[[0,0],[10,0],[10,0],[10,10],[0,10],[0,0]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,95],[0,95],[0,0]]]}`, `{"type":"polygon","coordinates":[[[170,0],[190,0],[190,10],[170,10],[170,0]]]}`,
			`{"type":"polygon","coordinates":[[[170,0],[-170,0],[-170,10],[170,10],[170,0]]]}`, `{"type":"polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[0,10],[10,10],[10,0],[0,0]]]}`, `{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0.0000000001]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[1e-9,0],[1e-9,1e-9],[0,1e-9],[0,0]]]}`, `{"type":"polygon","coordinates":[[[0,0,1],[10,0,1],[10,10,1],[0,0,1]]]}`,
			`{"type":"polygon","coordinates":[[[0,0,1],[10,0,1],[10,10,1],[0,0,2]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]],"orientation":"cw"}`,
			`{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]],"orientation":"left"}`,
			`{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]],"orientation":"nonsense"}`,
			`{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]],"orientation":5}`, `{"type":"point","coordinates":[1,2],"orientation":"nonsense"}`,
			`{"type":"point","coordinates":[1,2],"radius":"5m"}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]],"radius":"5m"}`,
			`{"type":"point","coordinates":[1,2],"geometries":[]}`, `{"type":"multipoint","coordinates":[[1,2],[3,4]]}`, `{"type":"MultiPoint","coordinates":[[1,2]]}`,
			`{"type":"multipoint","coordinates":[]}`, `{"type":"multipoint","coordinates":[1,2]}`, `{"type":"multipoint","coordinates":[[1,2],[1,95]]}`,
			`{"type":"multipoint","coordinates":[[1,2],[185,4]]}`, `{"type":"multilinestring","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}`, `{"type":"multilinestring","coordinates":[]}`,
			`{"type":"multilinestring","coordinates":[[[1,2]]]}`, `{"type":"multilinestring","coordinates":[[1,2],[3,4]]}`, `{"type":"multilinestring","coordinates":[[]]}`,
			`{"type":"multipolygon","coordinates":[[[[100,0],[101,0],[101,1],[100,1],[100,0]]],[[[0,0],[10,0],[10,10],[0,10],[0,0]]]]}`, `{"type":"multipolygon","coordinates":[]}`,
			`{"type":"multipolygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]]}`, `{"type":"multipolygon","coordinates":[[[[100,0],[101,0],[101,1],[100,1]]]]}`,
			`{"type":"multipolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,10],[0,0]]],[[[5,5],[15,5],[15,15],[5,15],[5,5]]]]}`,
			`{"type":"geometrycollection","geometries":[{"type":"point","coordinates":[1,2]},{"type":"linestring","coordinates":[[1,2],[3,4]]}]}`,
			`{"type":"GeometryCollection","geometries":[{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]]}]}`, `{"type":"geometrycollection","geometries":[]}`,
			`{"type":"geometrycollection"}`, `{"type":"geometrycollection","geometries":{}}`, `{"type":"geometrycollection","geometries":[{"type":"point","coordinates":[1,95]}]}`,
			`{"type":"geometrycollection","geometries":[1]}`, `{"type":"geometrycollection","geometries":[{"type":"geometrycollection","geometries":[{"type":"point","coordinates":[1,2]}]}]}`,
			`{"type":"geometrycollection","coordinates":[1,2]}`, `{"type":"geometrycollection","geometries":[null]}`,
			`{"type":"geometrycollection","geometries":[{"type":"linestring","coordinates":[[1,2]]}]}`, `{"type":"geometrycollection","geometries":[{"type":"nonsense","coordinates":[1,2]}]}`,
			`{"type":"envelope","coordinates":[[-45,45],[45,-45]]}`, `{"type":"Envelope","coordinates":[[-45,45],[45,-45]]}`, `{"type":"envelope","coordinates":[[45,-45],[-45,45]]}`,
			`{"type":"envelope","coordinates":[[-45,-45],[45,45]]}`, `{"type":"envelope","coordinates":[[-45,45]]}`, `{"type":"envelope","coordinates":[[-45,45],[45,-45],[1,1]]}`,
			`{"type":"envelope","coordinates":[[-185,45],[45,-45]]}`, `{"type":"envelope","coordinates":[[-45,95],[45,-45]]}`, `{"type":"envelope","coordinates":[[45,45],[-45,-45]]}`,
			`{"type":"envelope","coordinates":[]}`, `{"type":"circle","coordinates":[1,2],"radius":"100m"}`, `{"type":"circle","coordinates":[1,2],"radius":100}`,
			`{"type":"circle","coordinates":[1,2]}`, `{"type":"circle","coordinates":[1,95],"radius":"100m"}`, `{"type":"circle","coordinates":[1,2],"radius":"x"}`,
			`{"type":"circle","coordinates":[1,2],"radius":"-5m"}`)
		field(definition, true,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[2,4],[2,4],[4,4],[4,2],[2,2]]]}`,
			`{"type":"polygon","coordinates":[[[175,0],[-175,10],[-175,0],[175,10],[175,0]]]}`, `{"type":"polygon","coordinates":[[[0,0],[1,0],[0,1],[1,1],[0,0]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[5,-0.0000001],[0,10],[0,0]]]}`, `{"type":"multipolygon","coordinates":[[]]}`, `{"type":"multipolygon","coordinates":[[[]]]}`,
			`{"type":"multipoint","coordinates":[[[1,2]]]}`, `{"type":"linestring","coordinates":[[[1,2]],[[3,4]]]}`, `{"type":"polygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`,
			`{"TYPE":"point","coordinates":[1,2]}`, `{"type":"point","Coordinates":[1,2]}`, `{"type":"point","coordinates":[1,2],"orientation":null}`,
			`{"type":"point","coordinates":[1,2],"radius":null}`, `{"type":"point","coordinates":[1,2],"geometries":null}`, `{"type":"linearring","coordinates":[[0,0],[1,0],[1,1],[0,0]]}`,
			`{"type":"bbox","coordinates":[[-45,45],[45,-45]]}`, `{"type":"point","coordinates":[1e400,1]}`, `{"type":"geometrycollection","geometries":[[]]}`,
			`{"type":"geometrycollection","geometries":["POINT (1 2)"]}`, `{"type":"multipoint","coordinates":[[1,2],[3,4,5]]}`, `{"type":"envelope","coordinates":[[-45,45,1],[45,-45,1]]}`,
			`{"type":"envelope","coordinates":[[1,2],[[3,4]]]}`, `{"type":"envelope","coordinates":[1,2]}`, `{"type":"linestring","coordinates":[[1,2],[]]}`,
			`{"type":"linestring","coordinates":[[1,2],5]}`, `{"type":"linestring","coordinates":[[1,2],null]}`, `{"type":"linestring","coordinates":[[1,2],[null,null]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[12,2],[12,4],[14,4],[14,2],[12,2]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[8,2],[12,2],[12,4],[8,4],[8,2]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[0,2],[4,2],[4,4],[0,4],[0,2]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[0,0],[10,0],[10,10],[0,10],[0,0]]]}`,
			`{"type":"polygon","coordinates":[[[0,0],[10,0],[5,0],[10,10],[0,10],[0,0]]]}`, `{"type":"polygon","coordinates":[[[0,0],[5,5],[10,0],[10,10],[5,5],[0,10],[0,0]]]}`,
			`{"type":"envelope","coordinates":[[-45,45],[-45,45]]}`, `"POINT EMPTY"`, `"POINT(NaN 2)"`, `"POINT (1 2);"`, `"LINESTRING EMPTY"`, `"POLYGON EMPTY"`, `"MULTIPOINT EMPTY"`,
			`"MULTILINESTRING EMPTY"`, `"MULTIPOLYGON EMPTY"`, `"GEOMETRYCOLLECTION EMPTY"`)
		field(definition, false,
			`"POINT (-71 41)"`, `"point(-71 41)"`, `"Point (-71 41)"`, `"POINT(-71 91)"`, `"POINT(181 41)"`, `"POINT(-71)"`, `"POINT(-71 41 5)"`, `"POINT()"`, `"POINT(-71,41)"`, `"POINT(a b)"`,
			`"POINT (-71 41"`, `"POINT (-71 41) x"`, `"POINT Z (1 2 3)"`, `" POINT (1 2) "`, `"POINT(1e1 2)"`, `"SRID=4326;POINT(1 2)"`, `"LINESTRING (1 2, 3 4)"`, `"LINESTRING (1 2)"`,
			`"LINESTRING (1 2, 3 95)"`, `"LINESTRING (1 2, 3)"`, `"LINESTRING (1 2 3, 3 4)"`, `"LINESTRING (1 2,, 3 4)"`, `"LINESTRING (1 2, 1 2)"`,
			`"POLYGON ((100 0, 101 0, 101 1, 100 1, 100 0))"`, `"POLYGON ((100 0, 101 0, 101 1, 100 1))"`, `"POLYGON ((100 0, 101 0, 100 0))"`, `"POLYGON ((100 0, 101 0, 101 1))"`,
			`"POLYGON (100 0, 101 0, 101 1, 100 0)"`, `"POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 2 4, 4 4, 4 2, 2 2))"`, `"POLYGON ((0 0, 10 0, 10 95, 0 95, 0 0))"`,
			`"POLYGON ((170 0, 190 0, 190 10, 170 10, 170 0))"`, `"POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 2 4, 4 4, 4 2))"`, `"MULTIPOINT (1 2, 3 4)"`, `"MULTIPOINT ((1 2), (3 4))"`,
			`"MULTIPOINT ((1 2), 3 4)"`, `"MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))"`, `"MULTIPOLYGON (((100 0, 101 0, 101 1, 100 1, 100 0)), ((0 0, 10 0, 10 10, 0 10, 0 0)))"`,
			`"MULTIPOLYGON (((100 0, 101 0, 101 1, 100 1)))"`, `"GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))"`, `"GEOMETRYCOLLECTION (POINT (1 95))"`, `"BBOX (-45, 45, 45, -45)"`,
			`"ENVELOPE (-45, 45, 45, -45)"`, `"ENVELOPE(45, -45, 45, -45)"`, `"BBOX (-45, 45, -45, 45)"`, `"ENVELOPE (-45, 45, 95, -45)"`, `"CIRCLE (1 2 100)"`, `"TRIANGLE ((0 0, 1 0, 1 1, 0 0))"`,
			`"CIRCULARSTRING (0 0, 1 1)"`, `"NONSENSE (1 2)"`, `"LINEARRING (0 0, 1 0, 1 1, 0 0)"`, `"POINT"`, `"(1 2)"`, `"41,-71"`, `"drm3"`)
	}
	// Only JTS and 8.x look for lines that cross; what Lucene makes of the others is its own affair.
	crossing := []string{`{"type":"polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}`, `{"type":"multipolygon","coordinates":[[[[0,0],[2,2],[2,0],[0,2],[0,0]]]]}`}
	field(`{"type":"geo_shape"}`, true, crossing...)
	field(`{"type":"geo_shape","tree":"quadtree","precision":"100km"}`, false, crossing...)
	field(`{"type":"geo_shape"}`, true, `"POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"`)
	field(`{"type":"geo_shape","ignore_malformed":true}`, true, `{"type":"circle","coordinates":[1,2],"radius":"100m"}`)
	for _, definition := range []string{`{"type":"geo_shape","coerce":true}`, `{"type":"geo_shape","ignore_malformed":true}`, `{"type":"geo_shape","ignore_z_value":false}`, `{"type":"geo_shape","strategy":"recursive"}`,
		`{"type":"geo_shape","tree":"quadtree","precision":"100km","points_only":true}`} {
		field(definition, false,
			`{"type":"point","coordinates":[-71,91]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[100,0]]]}`,
			`{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1]]]}`, `"x"`, `1`, `true`, `{}`, `{"type":"nonsense","coordinates":[1,2]}`, `{"type":"point"}`,
			`{"type":"point","coordinates":["a","b"]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0],[101,1],[100,1],[100,0]]]}`, `"POLYGON ((100 0, 101 0, 101 1, 100 1))"`, `"POINT (x"`,
			`{"type":"point","coordinates":[1,2],"foo":{"a":[1]}}`, `{"type":"geometrycollection","geometries":[1]}`, `{"type":"linestring","coordinates":[[1,2]]}`, `[]`,
			`{"type":"multipolygon","coordinates":[[[[100,0],[101,0],[101,1],[100,1]]]]}`, `{"type":"polygon","coordinates":[[[100,0],[101,0]]]}`, `{"type":"point","coordinates":[-71,41,5]}`,
			`"POINT (1 2 3)"`, `"POLYGON ((100 0, 101 0, 101 1))"`, `"POLYGON ((100 0, 101 0, 100 0))"`)
	}
	for _, coerce := range []string{"true", "false"} {
		for _, typ := range []string{"integer", "long"} {
			field(`{"type":"`+typ+`_range","coerce":`+coerce+`}`, false,
				`{"gte":1,"lt":5}`, `{"gt":1,"lte":5}`, `{"gte":1,"lte":1}`, `{"gte":1,"lt":1}`, `{"gt":1,"lt":1}`, `{"gt":1,"lte":1}`, `{"gte":5,"lt":1}`, `{"gte":null,"lt":5}`, `{"gte":1,"lt":null}`,
				`{"gte":null,"lte":null}`, `{}`, `{"gte":1}`, `{"lt":5}`, `{"from":1,"to":5}`, `{"from":1,"to":5,"include_lower":true,"include_upper":false}`, `{"gte":1,"gt":1,"lt":5}`,
				`{"gte":1,"foo":1}`, `{"gte":1,"foo":{"a":1}}`, `{"gte":[1],"lt":5}`, `{"gte":{"a":1}}`, `{"gte":true}`, `{"gte":"x"}`, `{"gte":""}`, `[{"gte":1},{"lt":5}]`, `[]`, `null`, `[null]`,
				`"x"`, `1`, `true`, `""`, `{"gte":1.5,"lt":5}`, `{"gte":1.0,"lt":5}`, `{"gte":"1","lt":"5"}`, `{"gte":"1.5"}`, `{"gte":1e2}`, `{"gte":2147483647}`, `{"gte":2147483648}`,
				`{"gt":2147483647}`, `{"gt":-2147483648}`, `{"lt":-2147483648}`, `{"lte":-2147483648}`, `{"lt":-2147483649}`, `{"gte":9223372036854775807}`, `{"gt":9223372036854775807}`,
				`{"gte":9223372036854775808}`, `{"lt":-9223372036854775808}`, `{"gte":" 5 "}`, `{"gte":1,"lt":2}`, `{"gt":1,"lt":2}`, `{"gte":1,"gte":2}`, `{"gte":1e40}`, `{"gte":"1e2"}`,
				`{"gte":-5,"lte":-10}`, `{"GTE":5}`, `{"gte":4.9,"lte":4.1}`, `{"gte":9007199254740993,"lt":9007199254740992}`, `{"gte":9007199254740992,"lt":9007199254740993}`)
		}
		for _, typ := range []string{"float", "double"} {
			field(`{"type":"`+typ+`_range","coerce":`+coerce+`}`, false,
				`{"gte":1.5,"lt":5.5}`, `{"gt":1.5,"lte":5.5}`, `{"gte":1.5,"lte":1.5}`, `{"gte":1.5,"lt":1.5}`, `{"gt":1.5,"lt":1.5}`, `{"gt":1.5,"lte":1.5}`, `{"gte":5.5,"lt":1.5}`,
				`{"gte":null,"lt":5.5}`, `{"gte":1.5,"lt":null}`, `{"gte":null,"lte":null}`, `{}`, `{"gte":1.5}`, `{"lt":5.5}`, `{"from":1.5,"to":5.5}`,
				`{"from":1.5,"to":5.5,"include_lower":true,"include_upper":false}`, `{"gte":1.5,"gt":1.5,"lt":5.5}`, `{"gte":1.5,"foo":1}`, `{"gte":1.5,"foo":{"a":1}}`, `{"gte":[1.5],"lt":5.5}`,
				`{"gte":{"a":1}}`, `{"gte":true}`, `{"gte":"x"}`, `{"gte":""}`, `[{"gte":1.5},{"lt":5.5}]`, `[]`, `null`, `[null]`, `"x"`, `1`, `true`, `""`, `{"gte":"1.5"}`, `{"gte":1e39}`,
				`{"gte":1e309}`, `{"gte":"NaN"}`, `{"gte":"Infinity"}`, `{"gte":3.4e38}`, `{"gt":3.5e38}`, `{"gte":-1e39}`, `{"lt":1e39}`, `{"gt":1.0,"lt":1.0000000001}`, `{"gt":1.0,"lt":1.0000001}`,
				`{"gte":1.00000000001,"lte":1.0}`, `{"gte":"-Infinity","lte":"Infinity"}`, `{"gt":0.0,"lt":0.0}`, `{"gte":0.0,"lte":-0.0}`, `{"gte":" 5 "}`, `{"gte":"5d"}`)
		}
	}
	field(`{"type":"date_range"}`, false,
		`{"gte":"2015-06-07","lt":"2016-06-07"}`, `{"gt":"2015-06-07","lte":"2016-06-07"}`, `{"gte":"2015-06-07","lte":"2015-06-07"}`, `{"gte":"2015-06-07","lt":"2015-06-07"}`,
		`{"gt":"2015-06-07","lt":"2015-06-07"}`, `{"gt":"2015-06-07","lte":"2015-06-07"}`, `{"gte":"2016-06-07","lt":"2015-06-07"}`, `{"gte":null,"lt":"2016-06-07"}`,
		`{"gte":"2015-06-07","lt":null}`, `{"gte":null,"lte":null}`, `{}`, `{"gte":"2015-06-07"}`, `{"lt":"2016-06-07"}`, `{"from":"2015-06-07","to":"2016-06-07"}`,
		`{"from":"2015-06-07","to":"2016-06-07","include_lower":true,"include_upper":false}`, `{"gte":"2015-06-07","gt":"2015-06-07","lt":"2016-06-07"}`, `{"gte":"2015-06-07","foo":1}`,
		`{"gte":"2015-06-07","foo":{"a":1}}`, `{"gte":["2015-06-07"],"lt":"2016-06-07"}`, `{"gte":{"a":1}}`, `{"gte":true}`, `{"gte":"x"}`, `{"gte":""}`,
		`[{"gte":"2015-06-07"},{"lt":"2016-06-07"}]`, `[]`, `null`, `[null]`, `"x"`, `1`, `true`, `""`, `{"gte":1433664550000}`, `{"gte":"2015-13-01"}`,
		`{"gte":"2015-06-07T08:09:10Z","lt":"2015-06-07T08:09:11Z"}`, `{"gte":"2015-06-07||/M"}`, `{"gte":"now"}`, `{"gte":"now-1d","lt":"now"}`, `{"gte":"2015-06-07||+1d"}`,
		`{"gte":1433664550000,"lt":"2016"}`, `{"gte":1.5}`, `{"gte":"2015-06-07 08:09:10"}`, `{"gte":1433664550000,"lt":1433664549999}`, `{"gt":"2015-06-07","lt":"2015-06-08"}`,
		`{"gte":"2015-06-08","lt":"2015-06-07"}`, `{"gte":"20150607"}`, `{"gte":"2015"}`, `{"lte":"2015-06-07T23"}`, `{"gt":"2015-06-07T08:09:10.123Z","lt":"2015-06-07T08:09:10.124Z"}`,
		`{"gte":"2015-6-7"}`)
	for _, format := range []string{"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss||epoch_millis"} {
		field(`{"type":"date_range","format":"`+format+`"}`, false,
			`{"gte":"2015-06-07 08:09:10"}`, `{"gte":"2015-06-07"}`, `{"gte":1433664550000}`, `{"gte":"1433664550000"}`, `{"gte":"x"}`, `{"gte":"2015-06-08 08:09:10","lt":"2015-06-07 08:09:10"}`)
	}
	field(`{"type":"ip_range"}`, false,
		`{"gte":"10.0.0.1","lt":"10.0.0.9"}`, `{"gt":"10.0.0.1","lte":"10.0.0.9"}`, `{"gte":"10.0.0.1","lte":"10.0.0.1"}`, `{"gte":"10.0.0.1","lt":"10.0.0.1"}`,
		`{"gt":"10.0.0.1","lt":"10.0.0.1"}`, `{"gt":"10.0.0.1","lte":"10.0.0.1"}`, `{"gte":"10.0.0.9","lt":"10.0.0.1"}`, `{"gte":null,"lt":"10.0.0.9"}`, `{"gte":"10.0.0.1","lt":null}`,
		`{"gte":null,"lte":null}`, `{}`, `{"gte":"10.0.0.1"}`, `{"lt":"10.0.0.9"}`, `{"from":"10.0.0.1","to":"10.0.0.9"}`,
		`{"from":"10.0.0.1","to":"10.0.0.9","include_lower":true,"include_upper":false}`, `{"gte":"10.0.0.1","gt":"10.0.0.1","lt":"10.0.0.9"}`, `{"gte":"10.0.0.1","foo":1}`,
		`{"gte":"10.0.0.1","foo":{"a":1}}`, `{"gte":["10.0.0.1"],"lt":"10.0.0.9"}`, `{"gte":{"a":1}}`, `{"gte":true}`, `{"gte":"x"}`, `{"gte":""}`, `[{"gte":"10.0.0.1"},{"lt":"10.0.0.9"}]`, `[]`,
		`null`, `[null]`, `"x"`, `1`, `true`, `""`, `"10.0.0.0/8"`, `"10.1.2.3/8"`, `"10.0.0.0/33"`, `"10.0.0.0/-1"`, `"10.0.0.1"`, `"::/0"`, `"2001:db8::/32"`, `"2001:db8::/129"`,
		`"fe80::1%eth0/64"`, `"10.0.0.0/x"`, `"10.0.0/8"`, `"/8"`, `{"gte":"10.0.0.1","lt":"::ffff:10.0.0.9"}`, `{"gte":"10.0.0.1","lte":"2001:db8::1"}`, `{"gte":"2001:db8::1","lte":"10.0.0.1"}`,
		`{"gte":"10.0.0.0/8"}`, `{"gt":"255.255.255.255"}`, `{"lt":"0.0.0.0"}`, `{"lt":"::"}`, `{"gt":"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}`, `["10.0.0.0/8","192.168.0.0/16"]`,
		`"10.0.0.0/08"`, `"10.0.0.0/ 8"`, `{"gte":"010.0.0.1"}`, `"10.0.0.0/32"`, `"10.0.0.0/0"`, `"::ffff:10.0.0.0/104"`, `"::ffff:10.0.0.0/96"`, `"::ffff:10.0.0.0/95"`, `"::ffff:10.0.0.0/33"`,
		`"::ffff:10.0.0.0/24"`)
	for _, options := range []string{``, `,"index":false`, `,"index":true,"similarity":"cosine"`, `,"index":true,"similarity":"dot_product"`, `,"index":true,"similarity":"l2_norm"`, `,"index":true,"similarity":"max_inner_product"`,
		`,"element_type":"byte"`, `,"element_type":"byte","index":false`, `,"element_type":"byte","index":true,"similarity":"dot_product"`} {
		field(`{"type":"dense_vector","dims":3`+options+`}`, false,
			`[1,2,3]`, `[1,2]`, `[1,2,3,4]`, `[]`, `null`, `[1,2,null]`, `[1,2,"3"]`, `[1,2,"x"]`, `[1,2,true]`, `[0,0,0]`, `[1e39,1,1]`, `[1e308,1,1]`, `[1e309,1,1]`, `[1.5,2.5,3.5]`, `[[1,2,3]]`,
			`[[1,2,3],[4,5,6]]`, `"x"`, `1`, `true`, `{}`, `{"a":1}`, `[1,2,{}]`, `[1,2,[3]]`, `"AQID"`, `"010203"`, `[128,1,1]`, `[-129,1,1]`, `[127,-128,1]`, `[1,0,0]`, `[0.6,0.8,0]`,
			`[1e-30,0,0]`, `[1e-20,0,0]`, `[1e30,1e30,1e30]`, `[2e19,1,1]`, `[1e19,1,1]`, `"P4AAAEAAAABAQAAA"`, `[0.57735,0.57735,0.57735]`, `[0.577350,0.577350,0.5774]`, `[0.99990,0,0]`,
			`[1.0001,0,0]`, `[0.99,0,0]`, `[1.9,1,1]`, `[1.0,2.0,3.0]`, `""`, `[0.9995,0,0]`, `[0.9994,0,0]`, `[1.0004,0,0]`, `[1.0006,0,0]`)
	}
	field(`{"type":"dense_vector","dims":24,"element_type":"bit"}`, false,
		`[1,2,3]`, `[1,2]`, `[1,2,3,4]`, `[]`, `null`, `[1,2,null]`, `[1,2,"3"]`, `[1,2,"x"]`, `[1,2,true]`, `[0,0,0]`, `[1e39,1,1]`, `[1e308,1,1]`, `[1e309,1,1]`, `[1.5,2.5,3.5]`, `[[1,2,3]]`,
		`[[1,2,3],[4,5,6]]`, `"x"`, `1`, `true`, `{}`, `{"a":1}`, `[1,2,{}]`, `[1,2,[3]]`, `"AQID"`, `"010203"`, `[128,1,1]`, `[-129,1,1]`, `[127,-128,1]`, `[1,0,0]`, `[0.6,0.8,0]`,
		`[1e-30,0,0]`, `[1e-20,0,0]`, `[1e30,1e30,1e30]`, `[2e19,1,1]`, `[1e19,1,1]`, `"P4AAAEAAAABAQAAA"`, `[0.57735,0.57735,0.57735]`, `[0.577350,0.577350,0.5774]`, `[0.99990,0,0]`,
		`[1.0001,0,0]`, `[0.99,0,0]`, `[1.9,1,1]`, `[1.0,2.0,3.0]`, `""`, `[0.9995,0,0]`, `[0.9994,0,0]`, `[1.0004,0,0]`, `[1.0006,0,0]`)
	for _, typ := range []string{"rank_features", "sparse_vector"} {
		field(`{"type":"`+typ+`"}`, false,
			`{"a":1,"b":2.5}`, `{}`, `null`, `{"a":0}`, `{"a":-1}`, `{"a":"1"}`, `{"a":"x"}`, `{"a":null}`, `{"a":[1]}`, `{"a":{"b":1}}`, `{"a":true}`, `1`, `"x"`, `[1]`, `[]`, `[{"a":1},{"b":2}]`,
			`{"":1}`, `{"a.b":1}`, `{"a":1e-40}`, `{"a":1e39}`, `{"a":1e308}`, `{"a":1e309}`, `{"a":1,"a":2}`, `[{"a":1},{"a":2}]`, `{"a":"NaN"}`, `{"a":"Infinity"}`, `{"a":1.17e-38}`,
			`{"a":1.18e-38}`, `{"a":"0"}`, `[{"a":1},null]`, `[null]`, `{"a":""}`, `true`,
			`{"`+strings.Repeat("x", 33_000)+`":1}`)
	}
	for _, impact := range []string{"true", "false"} {
		field(`{"type":"rank_feature","positive_score_impact":`+impact+`}`, false,
			`1`, `2.5`, `0`, `-1`, `"1"`, `"x"`, `""`, `null`, `true`, `[1]`, `[]`, `[1,2]`, `{}`, `{"a":1}`, `1e-40`, `1.17e-38`, `1.18e-38`, `1e39`, `1e308`, `1e309`, `"NaN"`, `"Infinity"`, `"0"`,
			`[null]`, `[[1]]`, `" 1 "`, `"1d"`, `1e38`, `8e37`)
	}
	field(`{"type":"percolator"}`, false,
		`{"match_all":{}}`, `{}`, `null`, `"x"`, `1`, `true`, `[]`, `[null]`, `[{"match_all":{}}]`, `[{"match_all":{}},{"match_all":{}}]`, `{"match_all":{},"match_none":{}}`,
		`{"filtered":{"filter":{"term":{"x":"y"}}}}`, `{"and":[{"match_all":{}}]}`, `{"or":[{"match_all":{}}]}`, `{"not":{"match_all":{}}}`, `{"missing":{"field":"x"}}`, `{"limit":{"value":1}}`,
		`{"fquery":{"query":{"match_all":{}}}}`, `{"query":{"match_all":{}}}`, `{"fuzzy_like_this":{}}`, `{"flt":{}}`, `{"top_children":{}}`, `{"fquery":{}}`, `{"match":{"x":"y"}}`,
		`{"terms":{"x":["y"]}}`, `{"in":{"x":["y"]}}`, `{"fuzzy_match":{"x":"y"}}`, `{"match_fuzzy":{"x":"y"}}`, `{"bool":{"must":{"match_all":{}}}}`,
		`{"bool":{"filter":{"missing":{"field":"x"}}}}`, `{"bool":{"must":[{"filtered":{}}]}}`, `{"constant_score":{"filter":{"and":[]}}}`, `{"dis_max":{"queries":[{"missing":{"field":"x"}}]}}`,
		`{"type":{"value":"doc"}}`, `{"indices":{"index":"a","query":{"match_all":{}}}}`, `{"bool":{"must_not":{"term":{"x":"missing"}},"should":[{"term":{"x":"and"}}]}}`, `{"bool":{}}`,
		`{"ids":{"values":["1"]}}`, `{"range":{"x":{"gte":1}}}`, `{"exists":{"field":"x"}}`, `{"query_string":{"query":"x:y"}}`, `{"span_term":{"x":"y"}}`)
	field(`{"type":"percolator"}`, true,
		`{"nonsense":{}}`, `{"match":5}`, `{"mlt":{}}`, `{"geo_bbox":{"x":{}}}`, `{"geo_distance_range":{}}`, `{"geohash_cell":{}}`, `{"template":{"inline":{"match_all":{}}}}`,
		`{"common":{"x":{"query":"y"}}}`, `{"match":{"x":{"query":"y","type":"phrase"}}}`, `{"nested":{"path":"x","query":{"match_all":{}}}}`, `{"term":{"nowhere":"y"}}`)
	for _, target := range []string{`{"type":"geo_shape"}`, `{"type":"ip_range"}`, `{"type":"long_range"}`, `{"type":"rank_feature"}`, `{"type":"rank_features"}`, `{"type":"percolator"}`} {
		for _, value := range []string{`"POINT (1 2)"`, `"10.0.0.0/8"`, `5`, `"5"`, `-5`, `true`, `[1]`} {
			list = append(list, trial{mapping: `{"properties":{"c":{"type":"keyword","copy_to":"f"},"f":` + target + `}}`, document: `{"c":` + value + `}`})
		}
	}
	return list
}
