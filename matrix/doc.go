// Package matrix moves the lab's whole data set between real servers of every pair of versions that makes sense, and
// compares both sides by means of its own. It holds tests only; docs/matrix.md is written by their run.
//
// Read pairs_test.go (which pairs, and how to choose among them), move_test.go (one pair from plan to verdict),
// server_test.go (both sides over plain HTTP), expected_test.go (what a document must have become), compare_test.go,
// searches_test.go (the same questions to both sides), limits_test.go (what the lab's nodes cannot hold) and
// report_test.go (docs/matrix.md). Nothing here asks the packages that make the move: their mistakes must show.
package matrix
