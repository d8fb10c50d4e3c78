import CommandLine
import Foundation

exit(Program.run(CommandWords.ofProcess))
