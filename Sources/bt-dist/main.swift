import Configuration
import Foundation

exit(Program.run(CommandWords.ofProcess))
