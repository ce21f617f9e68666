// LabNode answers: how is a node of 6.x made, whose Node is abstract for one method of no weight here? It is compiled with
// the server's jars on the class path; all other versions need no subclass.

import java.util.Collection;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.Plugin;

public class LabNode extends Node {
    public LabNode(Environment environment, Collection<Class<? extends Plugin>> plugins) {
        super(environment, plugins, false);
    }

    @Override
    protected void registerDerivedNodeNameWithLogger(String name) {
    }
}
