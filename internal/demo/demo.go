// Package demo sets the stage for `hikkoshi demo`: a stand-in for AWS in front of real clusters, a real S3 protocol, nginx
// logs, Kibana's objects, and a writer that never stops. The move itself is made by the program's own verbs.
//
// Read stage.go first, then judge.go.
package demo
