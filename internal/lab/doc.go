// Package lab starts real Elasticsearch and OpenSearch nodes of every version the project moves from or to, fills
// them with data, and keeps a writer going. The demo, the tests and the benchmarks use it.
//
// Nothing is installed: the server jars come from Maven Central through the person's own mvn (so that mirrors and
// proxies are obeyed), pinned by lab.lock, and a small Java launcher builds an embedded node.
//
//	node, err := lab.Start(ctx, lab.Options{Version: "2.3.2", RepoDirs: []string{dir}})
//	defer node.Stop(ctx)
//	node.URL() // http://127.0.0.1:41234
//
// Facts worth knowing before using it:
//   - A node has 512 MB of heap and needs 3 to 10 seconds to answer; several may run at once.
//   - A node stops when the process that started it ends, however it ends; its data folder goes with it unless
//     Options.DataDir names one, which is kept and can be started again.
//   - Repositories of type fs must lie below one of Options.RepoDirs.
//   - Tests of other packages use labtest.Node(t, version), which skips under -short.
//   - Generate fills a node (nginx days, Kibana, odd cases), Change alters it between two snapshots, WriteTestdata makes
//     small repositories with their truth; package shipper is the writer that never stops.
//   - A detached node (Options.Detached) outlives its starter; List finds it, Running.Down ends it.
//   - 5.x drops the connection on a request with an empty Content-Type header; leave it out or fill it.
//   - From 6.8 on the node has no analysis-common, ingest-common, painless or mapper-extras module; the 8.x nodes
//     have no join, reindex or data streams either. These are limits of the lab, not of the product.
//
// Reading order: versions.go (the table) -> fetch.go -> java.go -> ownjars.go -> home.go -> node.go -> launcher/Launcher.java;
// archive.go makes later starts fast. Data: generate.go -> nginx.go, kibana.go, odd.go -> change.go -> testdata.go.
package lab
